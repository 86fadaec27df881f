//! Signed integers in the canonical encoding: zigzag, then the shortest varint, so that small
//! numbers of either sign take one byte. etcd's revisions, versions and limits are signed.

use avouch_promise::{DecodeError, Reader, Writer};

/// Appends `value`.
pub(crate) fn put(out: &mut Writer, value: i64) {
    out.varint(((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Reads one value.
pub(crate) fn take(input: &mut Reader<'_>) -> Result<i64, DecodeError> {
    let zigzag = input.varint()?;
    Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::{put, take};
    use avouch_promise::{Reader, Writer};

    #[test]
    fn every_sign_and_size_comes_back() {
        for value in [0, -1, 1, 63, -64, 64, i64::MAX, i64::MIN] {
            let mut out = Writer::new();
            put(&mut out, value);
            assert_eq!(take(&mut Reader::new(out.as_slice())), Ok(value));
            assert_eq!(out.as_slice().len() == 1, (-64..64).contains(&value));
        }
    }
}
