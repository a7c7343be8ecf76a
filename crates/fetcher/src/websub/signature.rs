//! Who a push is from (WebSub §7.1).

use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::HeaderMap;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use wire::websub::Secret;

/// Whether an `X-Hub-Signature` of `headers` is the one of `body`, as it came on the wire, by `secret`. The
/// method is the hub's to choose among those that the recommendation names; most still choose SHA-1, which as
/// an HMAC is not broken.
pub(crate) fn is_right(headers: &HeaderMap, secret: &Secret, body: &[u8]) -> bool {
    let written = headers.get_all("x-hub-signature").iter();
    written
        .filter_map(|value| value.to_str().ok()?.trim().split_once('='))
        .any(|(method, signature)| {
            let Some(signature) = bytes(signature.trim()) else {
                return false;
            };
            let matches = match method.trim().to_ascii_lowercase().as_str() {
                "sha1" => matches::<Hmac<Sha1>>,
                "sha256" => matches::<Hmac<Sha256>>,
                "sha384" => matches::<Hmac<Sha384>>,
                "sha512" => matches::<Hmac<Sha512>>,
                _ => return false,
            };
            matches(secret, body, &signature)
        })
}

/// Compares in constant time.
fn matches<M: Mac + KeyInit>(secret: &Secret, body: &[u8], signature: &[u8]) -> bool {
    <M as KeyInit>::new_from_slice(secret.0.as_bytes())
        .is_ok_and(|keyed| keyed.chain_update(body).verify_slice(signature).is_ok())
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
        return None;
    }
    let pairs = (0..digits.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By Python: `hmac.new(b"Jefe", b"what do ya want for nothing?", m).hexdigest()`; those of SHA-2 are
    /// in RFC 4231 §4.3, that of SHA-1 in RFC 2202 §3.
    const RIGHT: [&str; 4] = [
        "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
        "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
    ];

    fn checked(signatures: &[&str], body: &[u8]) -> bool {
        let mut headers = HeaderMap::new();
        for signature in signatures {
            headers.append("x-hub-signature", signature.parse().expect("a value"));
        }
        is_right(&headers, &Secret("Jefe".to_owned()), body)
    }

    #[test]
    fn every_method_of_the_recommendation_is_checked() {
        let body = b"what do ya want for nothing?";
        for right in RIGHT {
            assert!(checked(&[right], body), "{right}");
            assert!(checked(&[&right.to_uppercase()], body), "{right}");
            assert!(
                !checked(&[right], b"what do ya want for nothing!"),
                "{right}"
            );
        }
        assert!(checked(&["sha1=00", RIGHT[1]], body));
    }

    #[test]
    fn what_is_no_signature_is_wrong() {
        let body = b"what do ya want for nothing?";
        let cut = &RIGHT[1][..RIGHT[1].len() - 2];
        let other = RIGHT[0].replace("sha1", "sha256");
        for wrong in [
            "",
            "sha1=",
            "md5=750c783e6ab0b503eaa86e310a5db738",
            "sha1=xy",
            "sha1",
            cut,
            &other,
        ] {
            assert!(!checked(&[wrong], body), "{wrong}");
        }
        assert!(!checked(&[], body));
    }
}
