//! Bytes that are not what was written either make a usable agent or are refused, at no great cost.

use std::sync::LazyLock;

use innate_core::checkpoint::{decode, encode};
use proptest::prelude::*;

use super::allocation::largest;
use super::{state, state_of_inputs, usable, v1, with_field};

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| encode(&state(), "x").unwrap());

/// One of each kind of model, and one of an older version.
static FILES: LazyLock<[Vec<u8>; 3]> =
    LazyLock::new(|| [BYTES.clone(), encode(&state_of_inputs(), "x").unwrap(), v1::MASKED.to_vec()]);

/// Numbers at and beyond the edges of all types that read them.
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "2",
    "7",
    "64",
    "65",
    "1048576",
    "1048577",
    "4294967296",
    "9007199254740992",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e300",
    "0.5",
];

#[derive(Debug, Clone)]
enum Edit {
    /// Another byte somewhere.
    Byte(prop::sample::Index, u8),
    /// Another bit of a number of the data, so that it becomes huge, tiny, negative or not finite.
    Bit(prop::sample::Index, u32),
    /// Another number in the header, whose length is put right.
    Number(prop::sample::Index, &'static str),
    /// The end cut off.
    Cut(prop::sample::Index),
}

fn edits() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        2 => (index(), any::<u8>()).prop_map(|(at, byte)| Edit::Byte(at, byte)),
        4 => (index(), 20..32_u32).prop_map(|(at, bit)| Edit::Bit(at, bit)),
        4 => (index(), prop::sample::select(&NUMBERS[..])).prop_map(|(at, number)| Edit::Number(at, number)),
        1 => index().prop_map(Edit::Cut),
    ]
}

fn apply(mut bytes: Vec<u8>, edit: &Edit) -> Vec<u8> {
    let Some(prefix) = bytes.first_chunk::<8>() else { return bytes };
    let header = u64::from_le_bytes(*prefix) as usize;
    match edit {
        Edit::Byte(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Edit::Bit(at, bit) => {
            let numbers = bytes.len().saturating_sub(8).saturating_sub(header) / 4;
            if numbers > 0 {
                let at = 8 + header + 4 * at.index(numbers) + *bit as usize / 8;
                bytes[at] ^= 1 << (bit % 8);
            }
        }
        Edit::Number(at, number) => {
            let end = (8_usize.saturating_add(header)).min(bytes.len());
            let digit = |at: &usize| bytes[*at].is_ascii_digit() && !bytes[at - 1].is_ascii_digit();
            let starts: Vec<usize> = (9..end).filter(digit).collect();
            if !starts.is_empty() {
                let start = *at.get(&starts);
                let length = bytes[start..end].iter().take_while(|byte| byte.is_ascii_digit()).count();
                bytes.splice(start..start + length, number.bytes());
                let header = (header + number.len() - length) as u64;
                bytes[..8].copy_from_slice(&header.to_le_bytes());
            }
        }
        Edit::Cut(at) => bytes.truncate(at.index(bytes.len())),
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(decode(&bytes, "x").is_err());
    }

    /// A changed byte may leave a valid file (another digit in a weight or in the note); it is then taken as what it says.
    #[test]
    fn an_edited_file_makes_a_usable_agent_or_is_refused(file in 0..3_usize, edits in prop::collection::vec(edits(), 1..3)) {
        let bytes = edits.iter().fold(FILES[file].clone(), apply);
        let (decoded, most) = largest(|| decode(&bytes, "x"));
        prop_assert!(most <= 16 * FILES[file].len(), "{most} bytes at once for a file of {}", bytes.len());
        if let Ok(state) = decoded {
            usable::check(&state);
        }
    }
}

#[test]
fn the_numbers_of_a_small_file_cannot_ask_for_much() {
    let bytes = with_field(&BYTES, "rollout", "/actionMask", |mask| *mask = serde_json::Value::Null);
    let of_inputs = encode(&state_of_inputs(), "x").unwrap();
    let cases: [(&[u8], &str, &str, u64); 9] = [
        (&bytes, "model", "/vocabulary", 1 << 20),
        (&bytes, "model", "/encoder/stages", 1 << 20),
        (&bytes, "model", "/hidden", 8192),
        (&bytes, "model", "/layers", 64),
        (&bytes, "rollout", "/horizon", 1 << 53),
        (&bytes, "rollout", "/startToken", 1 << 40),
        (&of_inputs, "model", "/inputs/2/sizes/0", 1 << 20),
        (&of_inputs, "model", "/inputs/3/width", 1 << 20),
        (v1::MASKED, "config", "/hiddenSize", 8192),
    ];
    for (bytes, section, pointer, number) in cases {
        let spoilt = with_field(bytes, section, pointer, |field| *field = number.into());
        let (decoded, most) = largest(|| decode(&spoilt, "x"));
        assert!(decoded.is_err(), "{pointer}");
        assert!(most <= 16 * bytes.len(), "{most} bytes at once for {pointer}");
    }
}

/// Files with holes have any length and take no room.
#[cfg(unix)]
#[test]
fn a_long_file_is_refused_before_it_is_read() {
    use std::io::Write;
    let folder = super::Folder::new("long");
    let path = folder.0.join("agent.safetensors");
    let headers: [&[u8]; 3] = [&BYTES, &[0; 8], &[255; 8]];
    for bytes in headers {
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(bytes).unwrap();
        file.set_len(1 << 40).unwrap();
        let (loaded, most) = largest(|| innate_core::checkpoint::load(&path));
        assert!(loaded.is_err());
        assert!(most <= 16 * BYTES.len(), "{most} bytes at once");
    }
}
