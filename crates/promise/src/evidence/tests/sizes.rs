//! What evidence weighs.

use super::{forge, samples};
use crate::codec::Encode;
use crate::evidence::EvidenceFile;

/// The bound that the design sets for a self-contained file of one answer, five voters.
const FILE_BYTES_MAX: usize = 2048;

#[test]
fn a_self_contained_file_for_five_voters_is_at_most_2048_bytes() {
    let mut forge = forge();
    let mut sizes = Vec::new();
    for (name, item) in samples(&mut forge) {
        sizes.push((name.to_owned(), item));
    }
    for batch in [1, 64] {
        let put = forge.put("put a");
        let get = forge.get("linearizable", "get a");
        sizes.push((
            format!("write in an entry of {batch}"),
            forge.write(super::BALLOT, &put, batch),
        ));
        sizes.push((format!("idle read among {batch}"), forge.read_index(&get, batch, true)));
        sizes.push((format!("busy read among {batch}"), forge.read_index(&get, batch, false)));
    }
    for (name, item) in sizes {
        let evidence = item.evidence.len();
        let file = EvidenceFile { items: vec![item] }.to_bytes().len();
        println!("{name:<36} evidence {evidence:>5} bytes, file {file:>5} bytes");
        assert!(file <= FILE_BYTES_MAX, "{name}: {file} bytes");
    }
}
