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

/// The body that `coded` stands for. At most `max_body` bytes, and past a megabyte at most `max_ratio`
/// times the coded size.
pub(crate) fn inflate(
    coded: Vec<u8>,
    coding: &str,
    max_body: u64,
    max_ratio: u64,
) -> Result<Vec<u8>, InflateError> {
    let size = coded.len() as u64;
    let limit = max_body.min((size.saturating_mul(max_ratio)).max(RATIO_FREE));
    let source = coded.as_slice();
    match coding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" if size > max_body => Err(InflateError::TooLarge),
        "" | "identity" => Ok(coded),
        "gzip" | "x-gzip" => read(flate2::bufread::MultiGzDecoder::new(source), limit),
        "deflate" => read(deflate(source), limit),
        "br" => read(brotli::Decompressor::new(source, 4096), limit),
        "zstd" => {
            let decoder = zstd::stream::read::Decoder::with_buffer(source);
            let mut decoder = decoder.map_err(InflateError::Damaged)?;
            // A window of 8 MiB is all that RFC 9659 lets a server use.
            decoder.window_log_max(23).map_err(InflateError::Damaged)?;
            read(decoder, limit)
        }
        other => Err(InflateError::Coding(other.to_owned())),
    }
}

fn read(decoder: impl Read, limit: u64) -> Result<Vec<u8>, InflateError> {
    let mut body = Vec::new();
    decoder
        .take(limit + 1)
        .read_to_end(&mut body)
        .map_err(InflateError::Damaged)?;
    if body.len() as u64 > limit {
        Err(InflateError::TooLarge)
    } else {
        Ok(body)
    }
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
