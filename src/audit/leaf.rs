//! A stored fact -> its leaf: the one place that says what exactly is hashed.

use super::Hash;
use crate::values::Timestamp;

/// The name of this encoding; another one would get another name, so that no bytes fit both.
const ENCODING: &str = "selfmx fact 1";

/// A fact exactly as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Its place in the log, from one.
    pub position: i64,
    /// Whose; none for the operator's own.
    pub tenant: Option<&'a str>,
    /// The stream that it continues.
    pub stream: &'a str,
    /// Its place in the stream, from one.
    pub version: i64,
    /// Its own number, as the 36 characters of a UUID.
    pub event: &'a str,
    /// The wire name of what happened.
    pub name: &'a str,
    /// The version of the payload.
    pub schema: i16,
    /// The stored text, byte for byte.
    pub payload: &'a str,
    /// The stored text, byte for byte.
    pub metadata: &'a str,
    /// When it was recorded.
    pub recorded_at: Timestamp,
}

impl Leaf<'_> {
    /// The bytes that are hashed: the name of the encoding and the ten fields in their order, each as a
    /// netstring (<https://cr.yp.to/proto/netstrings.txt>), numbers in decimal digits, the time in
    /// microseconds since 1970, and a tenant that is none as an empty text, which no tenant's id is.
    pub fn bytes(&self) -> Vec<u8> {
        let texts = [self.stream, self.event, self.name, self.payload, self.metadata];
        let room: usize = texts.iter().map(|text| text.len()).sum();
        let mut bytes = Vec::with_capacity(room + 192);
        let mut write = |text: &str| netstring(&mut bytes, text);
        write(ENCODING);
        write(&self.position.to_string());
        write(self.tenant.unwrap_or_default());
        write(self.stream);
        write(&self.version.to_string());
        write(self.event);
        write(self.name);
        write(&self.schema.to_string());
        write(self.payload);
        write(self.metadata);
        write(&self.recorded_at.as_datetime().timestamp_micros().to_string());
        bytes
    }

    /// Its leaf in the log's tree (RFC 9162, 2.1.1).
    pub fn hash(&self) -> Hash {
        Hash::of(&[&[0], &self.bytes()])
    }
}

/// `5:hello,`
pub(super) fn netstring(to: &mut Vec<u8>, text: &str) {
    to.extend_from_slice(text.len().to_string().as_bytes());
    to.push(b':');
    to.extend_from_slice(text.as_bytes());
    to.push(b',');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf() -> Leaf<'static> {
        Leaf {
            position: 7,
            tenant: Some("tenant_01h455vb4pex5vsknk084sn02q"),
            stream: "usage_1",
            version: 2,
            event: "01890a5d-ac96-774b-bcce-b302099a8057",
            name: "usage.api_requests_counted",
            schema: 1,
            payload: "{\"requests\": 3}",
            metadata: "{\"actor\":\"é\"}",
            recorded_at: "2024-01-15T10:30:00.000001Z".parse().unwrap(),
        }
    }

    #[test]
    fn these_bytes_are_hashed_for_ever() {
        let text = "13:selfmx fact 1,1:7,33:tenant_01h455vb4pex5vsknk084sn02q,7:usage_1,1:2,\
                    36:01890a5d-ac96-774b-bcce-b302099a8057,26:usage.api_requests_counted,1:1,\
                    15:{\"requests\": 3},14:{\"actor\":\"é\"},16:1705314600000001,";
        assert_eq!(String::from_utf8(leaf().bytes()).unwrap(), text);
        assert_eq!(leaf().hash(), Hash::of(&[b"\0", text.as_bytes()]));
    }

    #[test]
    fn each_field_counts_and_none_can_lend_to_its_neighbour() {
        let all = [
            Leaf { position: 8, ..leaf() },
            Leaf { tenant: None, ..leaf() },
            Leaf { stream: "usage_11", ..leaf() },
            Leaf { version: 1, ..leaf() },
            Leaf { event: "01890a5d-ac96-774b-bcce-b302099a8058", ..leaf() },
            Leaf { name: "usage.", ..leaf() },
            Leaf { schema: 2, ..leaf() },
            Leaf { payload: "{\"requests\":3}", ..leaf() },
            Leaf { metadata: "{}", ..leaf() },
            Leaf { recorded_at: "2024-01-15T10:30:00Z".parse().unwrap(), ..leaf() },
            Leaf { payload: "", metadata: "{\"requests\": 3}{\"actor\":\"é\"}", ..leaf() },
            leaf(),
        ];
        let hashes: std::collections::HashSet<_> = all.iter().map(Leaf::hash).collect();
        assert_eq!(hashes.len(), all.len());
    }
}
