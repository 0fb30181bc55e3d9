// SPDX-License-Identifier: MIT OR Apache-2.0
//! Date and time in UTC. Local time would need the C library's time zones.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A point in time, by the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Utc {
    year: u64,
    month: u64,
    day: u64,
    weekday: u64,
    second: u64,
}

impl Utc {
    pub fn now() -> Self {
        Self::at(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }

    fn at(seconds: u64) -> Self {
        let days = seconds / 86_400;
        // Years that begin in March put the leap day last; 146097 days are 400 years.
        let shifted = days + 719_468;
        let (era, of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: of_year - (153 * shifted_month + 2) / 5 + 1,
            weekday: days % 7,
            second: seconds % 86_400,
        }
    }

    fn clock(self) -> (u64, u64, u64) {
        (self.second / 3600, self.second / 60 % 60, self.second % 60)
    }

    /// `20001106123456`
    pub fn digits(self) -> String {
        let (hour, minute, second) = self.clock();
        format!("{:04}{:02}{:02}{hour:02}{minute:02}{second:02}", self.year, self.month, self.day)
    }

    /// `Mon Nov  6 12:34:56 2000`
    pub fn words(self) -> String {
        let name = |names: &[&'static str], index: u64| {
            usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or("?")
        };
        let (hour, minute, second) = self.clock();
        let (weekday, month) = (name(&DAYS, self.weekday), name(&MONTHS, self.month - 1));
        format!("{weekday} {month} {:2} {hour:02}:{minute:02}:{second:02} {}", self.day, self.year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(Utc::at(0).words(), "Thu Jan  1 00:00:00 1970");
        assert_eq!(Utc::at(973_514_096).words(), "Mon Nov  6 12:34:56 2000");
        assert_eq!(Utc::at(951_782_400).digits(), "20000229000000");
        assert_eq!(Utc::at(1_709_251_199).digits(), "20240229235959");
        assert_eq!(Utc::at(4_107_542_400).digits(), "21000301000000");
    }
}
