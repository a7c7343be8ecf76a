//! Dates and periods.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use wire::entity::Value;

use super::scan::Kind;
use super::{Meaning, Reader, Reading};

impl Reader<'_> {
    pub(super) fn date(&self, at: usize) -> Option<Reading> {
        self.iso(at)
            .or_else(|| self.day_first(at))
            .or_else(|| self.month_first(at))
            .or_else(|| self.year_alone(at))
            .or_else(|| self.relative(at))
    }

    fn iso(&self, at: usize) -> Option<Reading> {
        let token = &self.tokens[at];
        let date: Date = (token.kind == Kind::Iso)
            .then(|| token.text.parse().ok())
            .flatten()?;
        Some(day(date, at + 1))
    }

    /// *9 July 2024*, *9. Juli*, *1er juillet*, *9 липня 2024 року*.
    fn day_first(&self, at: usize) -> Option<Reading> {
        let of_month = self.day_number(at)?;
        let mut next = at + 1;
        if let Some(((), after)) = self.phrase(next, |means| {
            matches!(means, Meaning::Ordinal(true)).then_some(())
        }) && self.tokens[next].glued
        {
            next = after;
        } else if self.tokens.get(next).is_some_and(|token| token.text == ".") {
            next += 1;
        }
        let (month, end) = self.month(next)?;
        self.placed(of_month, month, end)
    }

    /// *July 9, 2024* in English; *July 2024*, *липень 2024 року*.
    fn month_first(&self, at: usize) -> Option<Reading> {
        let (month, next) = self.month(at)?;
        if let Some((year, end)) = self.year(next) {
            let value = format!("{year:04}-{month:02}");
            return Some(period(value.clone(), value, end));
        }
        let of_month = self.english.then(|| self.day_number(next)).flatten()?;
        let mut end = next + 1;
        if let Some(((), after)) = self.phrase(end, |means| {
            matches!(means, Meaning::Ordinal(true)).then_some(())
        }) && self.tokens[end].glued
        {
            end = after;
        }
        if self.tokens.get(end).is_some_and(|token| token.text == ",")
            && self.year(end + 1).is_some()
        {
            return self
                .placed(of_month, month, end + 1)
                .or_else(|| self.placed(of_month, month, end));
        }
        self.placed(of_month, month, end)
    }

    /// *in 2024*, *2024 року*: the year, with the word after it.
    fn year_alone(&self, at: usize) -> Option<Reading> {
        let (year, end) = self.year(at)?;
        let before = at.checked_sub(1).and_then(|before| {
            self.phrase(before, |means| {
                matches!(means, Meaning::BeforeYear(true)).then_some(())
            })
        });
        (end > at + 1 || before.is_some_and(|(_, after)| after == at))
            .then(|| period(format!("{year:04}"), format!("{year:04}"), end))
    }

    fn relative(&self, at: usize) -> Option<Reading> {
        let today = self.today?;
        let (meaning, end) = self.phrase(at, |means| {
            matches!(
                means,
                Meaning::Day(_) | Meaning::Week(_) | Meaning::Weekday(_)
            )
            .then(|| means.clone())
        })?;
        match meaning {
            Meaning::Day(days) => Some(day(today.checked_add(days.days()).ok()?, end)),
            Meaning::Week(weeks) => {
                let monday = today.checked_add(weeks.weeks()).ok()?;
                let since = i64::from(monday.weekday().to_monday_zero_offset());
                let monday = monday.checked_sub(since.days()).ok()?;
                let sunday = monday.checked_add(6.days()).ok()?;
                Some(period(monday.to_string(), sunday.to_string(), end))
            }
            Meaning::Weekday(number) => {
                let weekday = Weekday::from_monday_one_offset(number).ok()?;
                let to_come = at.checked_sub(1).is_some_and(|before| {
                    self.phrase(before, |means| {
                        matches!(means, Meaning::Next(true)).then_some(())
                    })
                    .is_some()
                });
                // News tells of the week behind it; the day of publication counts.
                let date = if to_come {
                    today.nth_weekday(1, weekday).ok()?
                } else if today.weekday() == weekday {
                    today
                } else {
                    today.nth_weekday(-1, weekday).ok()?
                };
                Some(day(date, end))
            }
            _ => None,
        }
    }

    fn day_number(&self, at: usize) -> Option<i8> {
        match &self.tokens.get(at)?.kind {
            Kind::Number(number) => number.parse().ok().filter(|day| (1..=31).contains(day)),
            _ => None,
        }
    }

    fn month(&self, at: usize) -> Option<(i8, usize)> {
        self.phrase(at, |means| match means {
            Meaning::Month(month) => Some(*month),
            _ => None,
        })
    }

    /// A year of four figures, with the word for it where one follows.
    fn year(&self, at: usize) -> Option<(i16, usize)> {
        let token = self.tokens.get(at)?;
        let Kind::Number(number) = &token.kind else {
            return None;
        };
        if token.end - token.start != 4 {
            return None;
        }
        let year = number
            .parse()
            .ok()
            .filter(|year| (1900..=2100).contains(year))?;
        let after = self.phrase(at + 1, |means| {
            matches!(means, Meaning::AfterYear(true)).then_some(())
        });
        Some((year, after.map_or(at + 1, |(_, end)| end)))
    }

    /// The day in the year that follows it, else in the year that brings it nearest to the publication.
    fn placed(&self, of_month: i8, month: i8, end: usize) -> Option<Reading> {
        if let Some((year, end)) = self.year(end) {
            return Some(day(Date::new(year, month, of_month).ok()?, end));
        }
        let today = self.today?;
        let nearest = (-1..=1)
            .filter_map(|years| Date::new(today.year() + years, month, of_month).ok())
            .min_by_key(|date| {
                today
                    .until(*date)
                    .map_or(i32::MAX, |span| span.get_days().abs())
            })?;
        Some(day(nearest, end))
    }
}

fn day(date: Date, end: usize) -> Reading {
    period(date.to_string(), date.to_string(), end)
}

fn period(start: String, last: String, end: usize) -> Reading {
    Reading {
        end,
        value: Value::Date { start, end: last },
    }
}
