//! A form sent to a hub, with the care that is taken of a feed: guarded, in turn, and followed by hand.

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header;
use url::Url;

use super::{Http, check_headers, failure, text};
use crate::hints;
use crate::hosts::{self, Turn, Turns};
use crate::poll::PollError;

impl Http {
    /// Sends `form` to the hub at `url`, and on to where it redirects with 307 or 308 (WebSub §5.1.2), though
    /// never from `https` to `http`: the form holds a secret. `turn` is the right to ask its host. What the hub
    /// writes in its answer is not read.
    pub(crate) async fn send(
        &self,
        mut url: Url,
        form: String,
        turns: &Turns,
        turn: Turn,
    ) -> Result<(), PollError> {
        let mut turn = Some(turn);
        for _ in 0..=self.max_redirects {
            let reach = self.check(&url)?;
            let _turn = match turn.take() {
                Some(turn) => turn,
                None => turns.turn(hosts::authority(&url)).await,
            };
            let request = self
                .clients
                .client(reach, None)
                .post(url.clone())
                .timeout(self.total_timeout)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form.clone());
            let response = request.send().await.map_err(|error| failure(&error))?;
            check_headers(response.headers())?;
            match response.status() {
                status if status.is_success() => return Ok(()),
                StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => {
                    let location = text(response.headers(), header::LOCATION);
                    let to = location.and_then(|location| url.join(&location).ok());
                    let weaker = |to: &Url| url.scheme() == "https" && to.scheme() != "https";
                    url = to.filter(|to| !weaker(to)).ok_or(PollError::Redirects)?;
                }
                status => {
                    return Err(PollError::Status {
                        status: status.as_u16(),
                        retry_after: hints::retry_after(response.headers(), Timestamp::now()),
                    });
                }
            }
        }
        Err(PollError::Redirects)
    }
}
