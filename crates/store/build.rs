//! Generates messages, services and clients from our own definitions of etcd's interface, with a
//! compiler written in Rust: no `protoc` is needed or looked for.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let definitions = protox::compile(["proto/rpc.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .bytes(".") // keys and values are slices of the received frame, not copies
        .build_transport(false) // connections are ours: wire/client.rs, wire/listener.rs
        .compile_fds(definitions)?;
    Ok(())
}
