//! PolNeAR: news of the 2016 campaign in which people marked who said, thought or wanted what.

use std::collections::HashMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

/// Code points of one role of an attribution; several where it is not in one piece.
pub(crate) type Spans = Vec<Range<usize>>;

/// One attribution; a role that was not marked is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attribution {
    pub(crate) source: Spans,
    pub(crate) cue: Spans,
    pub(crate) content: Spans,
}

/// An article as one annotator read it.
#[derive(Clone, Debug)]
pub(crate) struct Article {
    pub(crate) text: String,
    pub(crate) attributions: Vec<Attribution>,
}

/// The articles of a folder, `train` or `dev`, by name; none where it is not there.
pub(crate) fn read(folder: &Path) -> Vec<Article> {
    let Ok(files) = fs::read_dir(folder.join("attributions")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = files
        .filter_map(|file| file.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some(name.strip_suffix(".ann")?.to_owned()))
        .collect();
    names.sort();
    names
        .into_iter()
        .map(|name| {
            // Annotations are named for the article and their annotator.
            let article = name.rsplit_once('_').map_or(&*name, |(article, _)| article);
            let file = |path: String| {
                fs::read_to_string(folder.join(&path)).unwrap_or_else(|e| panic!("{path}: {e}"))
            };
            Article {
                text: file(format!("text/{article}.txt")),
                attributions: attributions(&file(format!("attributions/{name}.ann"))),
            }
        })
        .collect()
}

/// `T1\tSource 89 106;110 114\t…` are spans, `E1\tAttribution:T4 Content:T3 Cue:T2 Source:T1` joins them.
fn attributions(brat: &str) -> Vec<Attribution> {
    let spans: HashMap<&str, Spans> = brat
        .lines()
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let id = columns.next().filter(|id| id.starts_with('T'))?;
            let (_, offsets) = columns.next()?.split_once(' ')?;
            let spans = offsets
                .split(';')
                .filter_map(|span| {
                    let (start, end) = span.split_once(' ')?;
                    Some(start.parse().ok()?..end.parse().ok()?)
                })
                .collect();
            Some((id, spans))
        })
        .collect();
    brat.lines()
        .filter_map(|line| line.strip_prefix('E')?.split_once('\t'))
        .map(|(_, roles)| {
            let mut attribution = Attribution::default();
            for (role, id) in roles
                .split_whitespace()
                .filter_map(|one| one.split_once(':'))
            {
                let spans = spans.get(id).cloned().unwrap_or_default();
                match role {
                    "Source" => attribution.source.extend(spans),
                    "Cue" => attribution.cue.extend(spans),
                    "Content" | "Content2" => attribution.content.extend(spans),
                    _ => {}
                }
            }
            attribution
        })
        .collect()
}
