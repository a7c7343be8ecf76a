//! How many items a document holds, counted from its bytes alone.

/// The number of tags that open an item, outside comments and CDATA sections. It shares no code with
/// the reader, on purpose: it is there to contradict it.
pub(super) fn items(text: &str) -> usize {
    let mut count = 0;
    let mut rest = text;
    let mut item: Option<String> = None;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = if rest.starts_with("!--") {
            rest.find("-->")
        } else if rest.starts_with("![CDATA[") {
            rest.find("]]>")
        } else {
            let end = rest.find(|c: char| c == '>' || c == '/' || c.is_ascii_whitespace());
            let name = &rest[..end.unwrap_or(rest.len())];
            match &item {
                Some(known) => count += usize::from(known.eq_ignore_ascii_case(name)),
                None if is_item(name) => {
                    item = Some(name.to_owned());
                    count = 1;
                }
                None => {}
            }
            continue;
        };
        rest = &rest[end.unwrap_or(rest.len())..];
    }
    count
}

fn is_item(name: &str) -> bool {
    let local = name.rsplit(':').next().unwrap_or(name);
    // A prefix may mean anything; the ones that feeds use for their own items are these.
    let own = matches!(
        name.split_once(':').map(|(prefix, _)| prefix),
        None | Some("rss" | "atom" | "a")
    );
    own && (local.eq_ignore_ascii_case("item") || local.eq_ignore_ascii_case("entry"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_in_comments_and_cdata_do_not_count() {
        let text =
            "<rss><items/><item>a</item><!-- <item> --><ITEM/><![CDATA[<item>]]><item a='b'></rss>";
        assert_eq!(items(text), 3);
    }
}
