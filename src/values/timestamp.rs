//! Moments, days and months, all in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Datelike, Months, NaiveDate, SecondsFormat, SubsecRound, TimeDelta, Utc};

use super::text::serde_by_text;

/// A moment, to the microsecond: what Postgres keeps.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(DateTime<Utc>);

/// A day of UTC.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(NaiveDate);

/// A month of UTC, by its first day.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(NaiveDate);

/// Why a text is no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not a moment.
    #[error("give a time as RFC 3339 has it, such as 2024-01-15T10:30:00Z")]
    Moment,
    /// Not a day.
    #[error("give a day such as 2024-01-15")]
    Day,
    /// Not a month.
    #[error("give a month such as 2024-01")]
    Month,
}

impl Timestamp {
    /// The moment so long after this one.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
        Self(self.0.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// The moment so long before this one.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
        Self(self.0.checked_sub_signed(by).unwrap_or(DateTime::<Utc>::MIN_UTC))
    }

    /// How long ago the other was; zero if it is yet to come.
    pub fn since(self, other: Self) -> Duration {
        self.0.signed_duration_since(other.0).to_std().unwrap_or_default()
    }

    /// Seconds since 1970.
    pub fn unix_seconds(self) -> i64 {
        self.0.timestamp()
    }

    /// The day in which it lies.
    pub fn day(self) -> Day {
        Day(self.0.date_naive())
    }

    /// The month in which it lies.
    pub fn month(self) -> Month {
        self.day().month()
    }

    /// For Postgres and for other crates.
    pub fn as_datetime(self) -> DateTime<Utc> {
        self.0
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(moment: DateTime<Utc>) -> Self {
        Self(moment.trunc_subsecs(6))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let moment = DateTime::parse_from_rfc3339(text).map_err(|_| TimeError::Moment)?;
        // Postgres, and most readers, know no years of five digits.
        let utc = moment.with_timezone(&Utc);
        if (0..=9999).contains(&utc.year()) { Ok(utc.into()) } else { Err(TimeError::Moment) }
    }
}

impl Day {
    /// For Postgres.
    pub fn as_date(self) -> NaiveDate {
        self.0
    }

    /// The month in which it lies.
    pub fn month(self) -> Month {
        Month(self.0.with_day(1).unwrap_or(self.0))
    }

    /// Its first moment.
    pub fn begin(self) -> Timestamp {
        Timestamp(self.0.and_time(chrono::NaiveTime::MIN).and_utc())
    }

    /// The first moment that is no more in it.
    pub fn end(self) -> Timestamp {
        let next = self.0.succ_opt().unwrap_or(self.0);
        Timestamp(next.and_time(chrono::NaiveTime::MIN).and_utc())
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        // Else a sign could stand in the place of a year's first digit.
        if text.len() != "2024-01-15".len() || !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(TimeError::Day);
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self).map_err(|_| TimeError::Day)
    }
}

impl Month {
    /// Its first day.
    pub fn first_day(self) -> Day {
        Day(self.0)
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// Its first moment.
    pub fn begin(self) -> Timestamp {
        self.first_day().begin()
    }

    /// The first moment that is no more in it.
    pub fn end(self) -> Timestamp {
        self.next().begin()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl FromStr for Month {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let day = format!("{text}-01").parse::<Day>().map_err(|_| TimeError::Month)?;
        Ok(day.month())
    }
}

macro_rules! debug_as_display {
    ($($name:ty),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )+};
}

debug_as_display!(Timestamp, Day, Month);
serde_by_text!(Timestamp, Day, Month);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_offset_is_read_and_utc_is_written() {
        let moment: Timestamp = "2024-01-15T12:30:00.5+02:00".parse().unwrap();
        assert_eq!(moment.to_string(), "2024-01-15T10:30:00.500Z");
        assert_eq!(moment.day().to_string(), "2024-01-15");
        assert_eq!(moment.month().to_string(), "2024-01");
    }

    #[test]
    fn a_date_alone_is_no_moment() {
        for text in ["2024-01-15", "2024-01-15T10:30:00", "yesterday", "2024-13-01T00:00:00Z"] {
            assert_eq!(text.parse::<Timestamp>(), Err(TimeError::Moment), "{text}");
        }
    }

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let december: Month = "2024-12".parse().unwrap();
        assert_eq!(december.next().to_string(), "2025-01");
        assert_eq!(december.end().to_string(), "2025-01-01T00:00:00Z");
        for text in ["2024-1", "2024-00", "2024-01-01", "24-01", "-024-01", "+024-01", ""] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
