//! Scrapes a node's metrics as Prometheus does: a GET a period, the whole page read.

use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, interval};

/// Scrapes until `end`; how many pages were read in full. A scrape that fails is as one that a
/// real Prometheus misses.
pub(super) async fn scrape(address: String, period: Duration, end: Instant) -> u64 {
    let mut ticks = interval(period);
    let mut pages = 0;
    loop {
        ticks.tick().await;
        if Instant::now() >= end {
            return pages;
        }
        pages += u64::from(page(&address).await.is_ok_and(|bytes| bytes > 0));
    }
}

async fn page(address: &str) -> std::io::Result<usize> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /metrics HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut page = Vec::new();
    stream.read_to_end(&mut page).await?;
    Ok(if page.starts_with(b"HTTP/1.1 200") { page.len() } else { 0 })
}
