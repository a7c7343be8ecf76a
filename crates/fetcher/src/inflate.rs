//! Content codings undone under caps (RFC 9110 §8.4): a small answer cannot fill the memory.

use std::io::{self, BufRead, Read};

/// A body that was not decoded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InflateError {
    /// More than one coding, or one that was not asked for.
    #[error("the content coding `{0}` was not asked for")]
    Coding(String),
    /// Larger than allowed, or grown by more than allowed.
    #[error("the body grows past its limit")]
    TooLarge,
    /// The coded bytes are damaged.
    #[error("the coded body is damaged")]
    Damaged(#[source] io::Error),
}

/// Below this size a body may have grown by any factor.
const RATIO_FREE: u64 = 1 << 20;

/// What a request says that it understands.
pub(crate) const ACCEPTED: &str = "gzip, br, zstd, deflate";

/// How a body is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The coding that a `Content-Encoding` names, if it is a single one that was asked for.
    pub(crate) fn read(named: &str) -> Result<Self, InflateError> {
        match named.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            other => {
                let shown = other.chars().filter(|c| !c.is_control()).take(40);
                Err(InflateError::Coding(shown.collect()))
            }
        }
    }
}

/// The most bytes that a body of `size` coded ones may have: `max_body`, and past a megabyte `max_ratio`
/// times the coded size.
pub(crate) fn limit(coding: Coding, size: u64, max_body: u64, max_ratio: u64) -> u64 {
    match coding {
        Coding::Identity => max_body.min(size),
        _ => max_body.min(size.saturating_mul(max_ratio).max(RATIO_FREE)),
    }
}

/// The body that `coded` stands for, of at most `limit` bytes.
pub(crate) fn inflate(coded: Vec<u8>, coding: Coding, limit: u64) -> Result<Vec<u8>, InflateError> {
    let source = coded.as_slice();
    match coding {
        Coding::Identity if coded.len() as u64 > limit => Err(InflateError::TooLarge),
        Coding::Identity => Ok(coded),
        Coding::Gzip => read(flate2::bufread::MultiGzDecoder::new(source), limit),
        Coding::Deflate => read(deflate(source), limit),
        Coding::Brotli => read(brotli::Decompressor::new(source, 4096), limit),
        Coding::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(source);
            let mut decoder = decoder.map_err(InflateError::Damaged)?;
            // A window of 8 MiB is all that RFC 9659 lets a server use.
            decoder.window_log_max(23).map_err(InflateError::Damaged)?;
            read(decoder, limit)
        }
    }
}

fn read(decoder: impl Read, limit: u64) -> Result<Vec<u8>, InflateError> {
    let mut body = Vec::new();
    decoder
        .take(limit + 1)
        .read_to_end(&mut body)
        .map_err(InflateError::Damaged)?;
    if body.len() as u64 > limit {
        return Err(InflateError::TooLarge);
    }
    body.shrink_to_fit();
    Ok(body)
}

/// `deflate` means the zlib format (RFC 9110 §8.4.1.2), but some servers send it bare.
fn deflate<'a>(source: impl BufRead + AsRef<[u8]> + 'a) -> Box<dyn Read + 'a> {
    let bytes = source.as_ref();
    let zlib = bytes.len() >= 2
        && bytes[0] & 0x0F == 8
        && u16::from_be_bytes([bytes[0], bytes[1]]).is_multiple_of(31);
    if zlib {
        Box::new(flate2::bufread::ZlibDecoder::new(source))
    } else {
        Box::new(flate2::bufread::DeflateDecoder::new(source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_coding_that_was_asked_for_is_read_and_nothing_else() {
        assert_eq!(Coding::read(" GZIP ").ok(), Some(Coding::Gzip));
        assert_eq!(Coding::read("").ok(), Some(Coding::Identity));
        for named in ["gzip, gzip", "gzip,", "br,gzip", "compress", "\u{1}"] {
            assert!(Coding::read(named).is_err(), "{named}");
        }
    }

    #[test]
    fn a_body_may_not_outgrow_its_coded_size_by_more_than_allowed() {
        assert_eq!(limit(Coding::Gzip, 10, 16 << 20, 100), RATIO_FREE);
        assert_eq!(limit(Coding::Gzip, 1 << 16, 16 << 20, 100), 100 << 16);
        assert_eq!(limit(Coding::Brotli, 8 << 20, 16 << 20, 100), 16 << 20);
        assert_eq!(limit(Coding::Identity, 100, 16 << 20, 100), 100);
        assert_eq!(limit(Coding::Identity, 32 << 20, 16 << 20, 100), 16 << 20);
    }
}
