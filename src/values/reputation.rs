//! How many bounces and complaints a tenant may have before it is warned, and before its sending is paused.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Millionths in a whole.
const WHOLE: f64 = 1_000_000.0;

/// A share of recipients, from 0 to 1, exact to a millionth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u32);

/// Why a number is no share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give a number above 0 and up to 1, such as 0.05 for 5 %")]
pub struct ShareError;

impl Share {
    /// Above 0, and up to 1.
    pub fn new(share: f64) -> Result<Self, ShareError> {
        let millionths = (share * WHOLE).round();
        if !(1.0..=WHOLE).contains(&millionths) {
            return Err(ShareError);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is from one to a million"
        )]
        Ok(Self(millionths as u32))
    }

    /// True if so many of so many are this share or more.
    pub fn is_reached_by(self, some: u64, all: u64) -> bool {
        u128::from(some) * 1_000_000 >= u128::from(all) * u128::from(self.0) && some > 0
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (f64::from(self.0) / WHOLE).fmt(f)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / WHOLE)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(f64::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// What a tenant may do to the name of a relay that it shares; what is absent is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReputationGuard {
    /// From this share of bounces on it is warned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_bounce_rate: Option<Share>,
    /// From this share of bounces on its sending is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend_bounce_rate: Option<Share>,
    /// From this share of complaints on it is warned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_complaint_rate: Option<Share>,
    /// From this share of complaints on its sending is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suspend_complaint_rate: Option<Share>,
    /// The hours that are looked back.
    pub window_hours: u32,
    /// With fewer recipients in them than this nothing is said: one bounce of two is no habit.
    pub min_recipients: u64,
}

/// What became of a tenant's recipients in a while.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conduct {
    /// Those whom a relay took mail for or refused for good.
    pub recipients: u64,
    /// Those of them that bounced, at once or later.
    pub bounced: u64,
    /// Those of them that complained.
    pub complained: u64,
}

impl ReputationGuard {
    /// True if this conduct calls for a pause.
    pub fn stops(&self, conduct: Conduct) -> bool {
        self.is_reached(self.suspend_bounce_rate, self.suspend_complaint_rate, conduct)
    }

    /// True if it calls for a warning.
    pub fn warns_of(&self, conduct: Conduct) -> bool {
        self.is_reached(self.warn_bounce_rate, self.warn_complaint_rate, conduct)
    }

    fn is_reached(
        &self,
        bounces: Option<Share>,
        complaints: Option<Share>,
        conduct: Conduct,
    ) -> bool {
        let Conduct { recipients, bounced, complained } = conduct;
        let reached = |share: Option<Share>, some| {
            share.is_some_and(|share| share.is_reached_by(some, recipients))
        };
        recipients >= self.min_recipients
            && (reached(bounces, bounced) || reached(complaints, complained))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_exact_and_written_as_it_was() {
        for text in ["0.05", "0.001", "1.0", "0.00125"] {
            let share: Share = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&share).unwrap(), text);
        }
        for wrong in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(Share::new(wrong).is_err(), "{wrong}");
        }
        let five = Share::new(0.05).unwrap();
        assert!(five.is_reached_by(5, 100) && !five.is_reached_by(4, 100));
        assert!(!five.is_reached_by(0, 0));
    }
}
