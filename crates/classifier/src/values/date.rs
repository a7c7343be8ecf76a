//! Dates and periods.

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use wire::entity::Value;

use super::scan::Kind;
use super::{Meaning, Reader, Reading};

impl Reader<'_> {
    pub(super) fn date(&self, at: usize) -> Option<Reading> {
        let lasting = at
            .checked_sub(1)
            .and_then(|before| self.is(before, &Meaning::Lasting(true)));
        if lasting == Some(at) {
            return None;
        }
        if let Some(next) = self
            .is(at, &Meaning::Part(true))
            .filter(|&next| next < self.tokens.len())
        {
            return self.whole(next);
        }
        self.whole(at)
    }

    fn whole(&self, at: usize) -> Option<Reading> {
        self.iso(at)
            .or_else(|| self.figures(at))
            .or_else(|| self.day_first(at))
            .or_else(|| self.month_first(at))
            .or_else(|| self.season(at))
            .or_else(|| self.era(at))
            .or_else(|| self.year_alone(at))
            .or_else(|| self.relative(at))
            .or_else(|| self.ago(at))
    }

    /// *18.12.2015*, day first, as the six languages but English write it.
    fn figures(&self, at: usize) -> Option<Reading> {
        let token = &self.tokens[at];
        if self.english || token.kind != Kind::Sign {
            return None;
        }
        let mut parts = token.text.trim_end_matches('.').split('.');
        let (of_month, month, year) = (parts.next()?, parts.next()?, parts.next()?);
        let year: i16 = match (year.len(), year.parse::<i16>().ok()?) {
            (4, year) => year,
            (2, year) => 2000 + year,
            _ => return None,
        };
        let date = Date::new(year, month.parse().ok()?, of_month.parse().ok()?).ok()?;
        let end = self.is(at + 1, &Meaning::AfterYear(true));
        parts
            .next()
            .is_none()
            .then(|| day(date, end.unwrap_or(at + 1)))
    }

    /// *spring 2014*, *восени минулого року*.
    fn season(&self, at: usize) -> Option<Reading> {
        let next = self.is(at, &Meaning::Season(true))?;
        if let Some((year, end)) = self.year(next) {
            return Some(period(format!("{year:04}"), format!("{year:04}"), end));
        }
        self.near_year(next)
    }

    /// *XVIII століття*, *90-х років*.
    fn era(&self, at: usize) -> Option<Reading> {
        let text = &self.tokens.get(at)?.text;
        let roman = text.chars().count() > 1 && text.chars().all(|char| "ivxіх".contains(char));
        let decade = matches!(self.tokens[at].kind, Kind::Number(_))
            && text.ends_with('0')
            && matches!(text.len(), 2 | 4);
        let after = if decade {
            self.ordinal(at + 1)?
        } else {
            at + 1
        };
        let end = self.is(after, &Meaning::Era(true));
        (decade || roman && end.is_some()).then(|| unplaced("era", end.unwrap_or(after)))
    }

    /// *three years ago*.
    fn ago(&self, at: usize) -> Option<Reading> {
        let (_, next) = self.amount(at).or_else(|| Some((String::new(), at)))?;
        let next = self.is(next, &Meaning::Time(true))?;
        let end = self.is(next, &Meaning::Ago(true))?;
        Some(unplaced("ago", end))
    }

    /// *of last year*: the year told from that of the publication.
    fn near_year(&self, at: usize) -> Option<Reading> {
        let (years, end) = self.phrase(at, |means| match means {
            Meaning::Year(years) => Some(*years),
            _ => None,
        })?;
        let Some(today) = self.today else {
            return Some(unplaced("year", end));
        };
        let year = format!("{:04}", today.year() + years);
        Some(period(year.clone(), year, end))
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
        let years = self.phrase(next, |means| match means {
            Meaning::Year(years) => Some(*years),
            _ => None,
        });
        if let Some((years, end)) = years {
            let value = self
                .today
                .map(|today| format!("{:04}-{month:02}", today.year() + years));
            return Some(value.map_or_else(
                || unplaced(&format!("--{month:02}"), end),
                |value| period(value.clone(), value, end),
            ));
        }
        // Alone it is one only where its form says that something happens in it: *у березні*.
        let before = at
            .checked_sub(1)
            .and_then(|before| self.is(before, &Meaning::BeforeYear(true)));
        if !self.english && before == Some(at) {
            return Some(unplaced(&format!("--{month:02}"), next));
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
        let recent = year >= 1900;
        let before = at.checked_sub(1).filter(|_| recent).and_then(|before| {
            self.phrase(before, |means| {
                matches!(means, Meaning::BeforeYear(true)).then_some(())
            })
        });
        (end > at + 1 || before.is_some_and(|(_, after)| after == at))
            .then(|| period(format!("{year:04}"), format!("{year:04}"), end))
    }

    fn relative(&self, at: usize) -> Option<Reading> {
        let (meaning, end) = self.phrase(at, |means| {
            matches!(
                means,
                Meaning::Day(_)
                    | Meaning::Week(_)
                    | Meaning::Weekday(_)
                    | Meaning::Year(_)
                    | Meaning::Months(_)
            )
            .then(|| means.clone())
        })?;
        let Some(today) = self.today else {
            let long = matches!(
                meaning,
                Meaning::Year(_) | Meaning::Months(_) | Meaning::Week(_)
            );
            return long.then(|| unplaced("relative", end));
        };
        match meaning {
            Meaning::Day(days) => Some(day(today.checked_add(days.days()).ok()?, end)),
            Meaning::Week(weeks) => {
                let monday = today.checked_add(weeks.weeks()).ok()?;
                let since = i64::from(monday.weekday().to_monday_zero_offset());
                let monday = monday.checked_sub(since.days()).ok()?;
                let sunday = monday.checked_add(6.days()).ok()?;
                Some(period(monday.to_string(), sunday.to_string(), end))
            }
            Meaning::Year(_) => self.near_year(at),
            Meaning::Months(months) => {
                let month = today.checked_add(months.months()).ok()?;
                let month = month.strftime("%Y-%m").to_string();
                Some(period(month.clone(), month, end))
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
        let number = match &token.kind {
            Kind::Number(number) if token.end - token.start == 4 => number,
            _ => return None,
        };
        let year = number
            .parse()
            .ok()
            .filter(|year| (1000..=2100).contains(year))?;
        let end = self.ordinal(at + 1).unwrap_or(at + 1);
        Some((year, self.is(end, &Meaning::AfterYear(true)).unwrap_or(end)))
    }

    /// The end of an ordinal's ending after its number: *-му* in *2006-му*.
    fn ordinal(&self, at: usize) -> Option<usize> {
        let hyphen = self.tokens.get(at)?;
        let ending = self.tokens.get(at + 1)?;
        let joined = hyphen.text == "-" && hyphen.glued && ending.glued;
        joined
            .then(|| self.is(at + 1, &Meaning::Ordinal(true)))
            .flatten()
    }

    /// The day in the year that follows it, else in the year that brings it nearest to the publication.
    fn placed(&self, of_month: i8, month: i8, end: usize) -> Option<Reading> {
        if let Some((year, end)) = self.year(end) {
            return Some(day(Date::new(year, month, of_month).ok()?, end));
        }
        let Some(today) = self.today else {
            let years = self.phrase(end, |means| matches!(means, Meaning::Year(_)).then_some(()));
            let end = years.map_or(end, |((), after)| after);
            return Some(unplaced(&format!("--{month:02}-{of_month:02}"), end));
        };
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

/// A date that the text alone does not place, by what is known of it (`--03-29`: a day of some year).
fn unplaced(what: &str, end: usize) -> Reading {
    Reading {
        end,
        value: None,
        id: Some(format!("date:{what}")),
    }
}

fn day(date: Date, end: usize) -> Reading {
    period(date.to_string(), date.to_string(), end)
}

fn period(start: String, last: String, end: usize) -> Reading {
    Reading {
        end,
        value: Some(Value::Date { start, end: last }),
        id: None,
    }
}
