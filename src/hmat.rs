//! The firmware's table of what memory costs, ACPI's HMAT: latency and bandwidth between each initiator and
//! each target, and memory-side caches. Root alone can read it, from /sys/firmware/acpi/tables/HMAT.
//!
//! The table is a stranger's: no length, checksum, count or index in it is believed before it is checked.
//! What it tells is of proximity domains, which are the firmware's numbers and not the kernel's nodes;
//! [`Hmat::is_of_nodes`] says whether both are the same numbers.
//!
//! The layout is that of the ACPI specification, 5.2.28 in version 6.5.

use alloc::vec::Vec;

use crate::error::{Error, Result};
use crate::mask::Bits;
use crate::root::{Path, Root};
use crate::sys::Errno;

const FILE: &str = "/sys/firmware/acpi/tables/HMAT";

/// Tables are some KiB long; a thousand nodes make two figures of a thousand by a thousand, 2 MiB each.
const LONGEST: usize = 32 << 20;

/// Why a table is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HmatError {
    /// It is no HMAT.
    #[error("it does not begin with HMAT")]
    Signature,
    /// Its length is not what its header says.
    #[error("it has {given} bytes and says that it has {said}")]
    Length {
        /// What its header says.
        said: u32,
        /// What there is.
        given: usize,
    },
    /// Its bytes do not add up to 0.
    #[error("its checksum is wrong")]
    Checksum,
    /// A revision that is not known.
    #[error("its revision is {0}, and 1 and 2 are known")]
    Revision(u8),
    /// A structure is too short for what it should hold, or too long for the table.
    #[error("the structure at byte {at} is malformed")]
    Structure {
        /// Where the structure begins.
        at: usize,
    },
    /// There is no memory for it.
    #[error("out of memory")]
    OutOfMemory,
}

/// Which figure a matrix holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// Latency of reads and writes, in nanoseconds.
    Latency,
    /// Latency of reads, in nanoseconds.
    ReadLatency,
    /// Latency of writes, in nanoseconds.
    WriteLatency,
    /// Bandwidth of reads and writes, in MB/s.
    Bandwidth,
    /// Bandwidth of reads, in MB/s.
    ReadBandwidth,
    /// Bandwidth of writes, in MB/s.
    WriteBandwidth,
}

impl Quantity {
    fn from_byte(byte: u8) -> Option<Quantity> {
        Some(match byte {
            0 => Quantity::Latency,
            1 => Quantity::ReadLatency,
            2 => Quantity::WriteLatency,
            3 => Quantity::Bandwidth,
            4 => Quantity::ReadBandwidth,
            5 => Quantity::WriteBandwidth,
            _ => return None,
        })
    }

    fn is_latency(self) -> bool {
        matches!(
            self,
            Quantity::Latency | Quantity::ReadLatency | Quantity::WriteLatency
        )
    }
}

/// One figure for all pairs of an initiator and a target.
#[derive(Debug)]
struct Matrix {
    quantity: Quantity,
    /// 0 is memory, 1 to 3 are memory-side caches.
    hierarchy: u8,
    unit: u64,
    initiators: Vec<u32>,
    targets: Vec<u32>,
    /// A row for each initiator.
    entries: Vec<u16>,
}

/// A memory-side cache as the table tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableCache {
    /// The proximity domain of the memory.
    pub domain: u32,
    /// In bytes.
    pub size: u64,
    /// How many levels the domain has.
    pub levels: u8,
    /// The level of this one.
    pub level: u8,
    /// In bytes.
    pub line_size: u16,
}

/// A table that was checked.
#[derive(Debug)]
pub struct Hmat {
    revision: u8,
    matrices: Vec<Matrix>,
    caches: Vec<TableCache>,
    /// Pairs of a memory's domain and the domain of the initiator to which it is attached.
    attached: Vec<(u32, u32)>,
}

/// A part of the table's bytes.
#[derive(Clone, Copy)]
struct Fields<'b>(&'b [u8]);

impl<'b> Fields<'b> {
    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..at.checked_add(N)?)?.try_into().ok()
    }
    fn u8(self, at: usize) -> Option<u8> {
        self.array::<1>(at).map(|[byte]| byte)
    }
    fn u16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }
    fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }
    fn u64(self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }
    /// `count` numbers of `N` bytes from `at` on.
    fn list<const N: usize, T>(
        self,
        at: usize,
        count: usize,
        number: impl Fn([u8; N]) -> T,
    ) -> Option<Result<Vec<T>, HmatError>> {
        let bytes = self.0.get(at..at.checked_add(count.checked_mul(N)?)?)?;
        let mut list = Vec::new();
        if list.try_reserve_exact(count).is_err() {
            return Some(Err(HmatError::OutOfMemory));
        }
        // Each chunk has N bytes.
        list.extend(
            bytes
                .chunks_exact(N)
                .filter_map(|chunk| chunk.try_into().ok())
                .map(number),
        );
        Some(Ok(list))
    }
}

fn push<T>(list: &mut Vec<T>, value: T) -> Result<(), HmatError> {
    list.try_reserve(1).map_err(|_| HmatError::OutOfMemory)?;
    list.push(value);
    Ok(())
}

impl Matrix {
    /// The matrix of a structure of type 1; `None` if it does not hold what it says.
    fn parse(fields: Fields<'_>) -> Option<Result<Matrix, HmatError>> {
        const LISTS: usize = 32;
        let rows = usize::try_from(fields.u32(12)?).ok()?;
        let columns = usize::try_from(fields.u32(16)?).ok()?;
        let quantity = Quantity::from_byte(fields.u8(9)?)?;
        let hierarchy = fields.u8(8)? & 0xf;
        let unit = fields.u64(24)?;
        let targets_at = LISTS.checked_add(rows.checked_mul(4)?)?;
        let entries_at = targets_at.checked_add(columns.checked_mul(4)?)?;
        let lists = (|| {
            Some((
                fields.list(LISTS, rows, u32::from_le_bytes)?,
                fields.list(targets_at, columns, u32::from_le_bytes)?,
                fields.list(entries_at, rows.checked_mul(columns)?, u16::from_le_bytes)?,
            ))
        })()?;
        let matrix =
            |(initiators, targets, entries): (Result<_, _>, Result<_, _>, Result<_, _>)| {
                Ok(Matrix {
                    quantity,
                    hierarchy,
                    unit,
                    initiators: initiators?,
                    targets: targets?,
                    entries: entries?,
                })
            };
        Some(matrix(lists))
    }

    /// The figure, if it is reported.
    fn figure(&self, revision: u8, initiator: u32, target: u32) -> Option<u32> {
        let row = self
            .initiators
            .iter()
            .position(|&domain| domain == initiator)?;
        let column = self.targets.iter().position(|&domain| domain == target)?;
        let entry = match *self.entries.get(row * self.targets.len() + column)? {
            // Not reported, and not reachable.
            0 | 0xffff => return None,
            entry => u64::from(entry),
        };
        let value = entry.checked_mul(self.unit)?;
        let value = match revision {
            // Tenths of nanoseconds and of MB/s, as Linux takes them.
            1 => value.div_ceil(10),
            // Picoseconds.
            _ if self.quantity.is_latency() => value.div_ceil(1000),
            _ => value,
        };
        value.try_into().ok().filter(|&value| value > 0)
    }
}

impl Hmat {
    /// Checks a table and takes it apart.
    ///
    /// ```
    /// use numa::hmat::{Hmat, HmatError};
    ///
    /// assert_eq!(Hmat::parse(b"HMAT").err(), Some(HmatError::Length { said: 0, given: 4 }));
    /// ```
    pub fn parse(bytes: &[u8]) -> Result<Hmat, HmatError> {
        const HEADER: usize = 40;
        let table = Fields(bytes);
        if !bytes.starts_with(b"HMAT") {
            return Err(HmatError::Signature);
        }
        let said = table.u32(4).unwrap_or(0);
        if usize::try_from(said) != Ok(bytes.len()) || bytes.len() < HEADER {
            return Err(HmatError::Length {
                said,
                given: bytes.len(),
            });
        }
        if bytes.iter().fold(0u8, |sum, &byte| sum.wrapping_add(byte)) != 0 {
            return Err(HmatError::Checksum);
        }
        let revision = bytes[8];
        if !(1..=2).contains(&revision) {
            return Err(HmatError::Revision(revision));
        }
        let mut hmat = Hmat {
            revision,
            matrices: Vec::new(),
            caches: Vec::new(),
            attached: Vec::new(),
        };
        let mut at = HEADER;
        while at < bytes.len() {
            let malformed = HmatError::Structure { at };
            let len = Fields(&bytes[at..])
                .u32(4)
                .and_then(|len| usize::try_from(len).ok());
            // A structure has at least its type and its length.
            let end = len
                .filter(|&len| len >= 8)
                .and_then(|len| at.checked_add(len));
            let structure = end.and_then(|end| bytes.get(at..end)).ok_or(malformed)?;
            hmat.add(Fields(structure)).ok_or(malformed)??;
            at += structure.len();
        }
        Ok(hmat)
    }

    /// Takes a structure; `None` if it is malformed. Unknown ones are passed over.
    fn add(&mut self, fields: Fields<'_>) -> Option<Result<(), HmatError>> {
        match fields.u16(0)? {
            0 => {
                let (flags, initiator, memory) = (fields.u16(8)?, fields.u32(12)?, fields.u32(16)?);
                // The flag says whether there is an initiator.
                if flags & 1 == 0 {
                    return Some(Ok(()));
                }
                Some(push(&mut self.attached, (memory, initiator)))
            }
            1 => {
                let matrix = match Matrix::parse(fields)? {
                    Ok(matrix) => matrix,
                    Err(error) => return Some(Err(error)),
                };
                Some(push(&mut self.matrices, matrix))
            }
            2 => {
                let attributes = fields.u32(24)?;
                let cache = TableCache {
                    domain: fields.u32(8)?,
                    size: fields.u64(16)?,
                    levels: (attributes & 0xf) as u8,
                    level: (attributes >> 4 & 0xf) as u8,
                    line_size: (attributes >> 16) as u16,
                };
                Some(push(&mut self.caches, cache))
            }
            _ => Some(Ok(())),
        }
    }

    /// Reads the system's table. [`Error::Open`] with ENOENT if the firmware has none, with EACCES for
    /// anyone but root.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::hmat::Hmat;
    ///
    /// match Hmat::read(Root::SYSTEM) {
    ///     Ok(Ok(table)) => println!("{:?} ns", table.read_latency(0, 1)),
    ///     Ok(Err(why)) => println!("the table is refused: {why}"),
    ///     Err(error) => println!("{error}"),
    /// }
    /// ```
    pub fn read(root: Root<'_>) -> Result<Result<Hmat, HmatError>> {
        let file = "HMAT";
        let opened = Path::below(root, FILE)
            .open()
            .map_err(|errno| Error::Open { file, errno })?;
        let mut bytes = Vec::new();
        loop {
            let len = bytes.len();
            if len >= LONGEST {
                return Err(Error::File {
                    file,
                    errno: Errno::EFBIG,
                });
            }
            bytes.try_reserve(4096).map_err(|_| Error::OutOfMemory)?;
            bytes.resize(len + 4096, 0);
            let read = opened
                .read(&mut bytes[len..])
                .map_err(|errno| Error::File { file, errno })?;
            bytes.truncate(len + read);
            if read == 0 {
                return Ok(Hmat::parse(&bytes));
            }
        }
    }

    /// The first figure of these that is reported for the memory itself.
    fn figure(&self, quantities: [Quantity; 2], initiator: u32, target: u32) -> Option<u32> {
        quantities.iter().find_map(|&quantity| {
            self.matrices
                .iter()
                .filter(|matrix| matrix.hierarchy == 0 && matrix.quantity == quantity)
                .find_map(|matrix| matrix.figure(self.revision, initiator, target))
        })
    }

    /// The latency of reads from one domain to another one's memory, in nanoseconds, or that of all accesses
    /// if the firmware does not tell them apart.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::hmat::Hmat;
    ///
    /// if let Ok(Ok(table)) = Hmat::read(Root::SYSTEM) {
    ///     println!("node 1 from node 0: {:?} ns", table.read_latency(0, 1));
    /// }
    /// ```
    pub fn read_latency(&self, initiator: u32, target: u32) -> Option<u32> {
        self.figure(
            [Quantity::ReadLatency, Quantity::Latency],
            initiator,
            target,
        )
    }

    /// The same of writes.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::hmat::Hmat;
    ///
    /// if let Ok(Ok(table)) = Hmat::read(Root::SYSTEM) {
    ///     println!("node 1 from node 0: {:?} ns", table.write_latency(0, 1));
    /// }
    /// ```
    pub fn write_latency(&self, initiator: u32, target: u32) -> Option<u32> {
        self.figure(
            [Quantity::WriteLatency, Quantity::Latency],
            initiator,
            target,
        )
    }

    /// The bandwidth of reads from one domain to another one's memory, in MB/s, or that of all accesses.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::hmat::Hmat;
    ///
    /// if let Ok(Ok(table)) = Hmat::read(Root::SYSTEM) {
    ///     println!("node 1 from node 0: {:?} MB/s", table.read_bandwidth(0, 1));
    /// }
    /// ```
    pub fn read_bandwidth(&self, initiator: u32, target: u32) -> Option<u32> {
        self.figure(
            [Quantity::ReadBandwidth, Quantity::Bandwidth],
            initiator,
            target,
        )
    }

    /// The same of writes.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::hmat::Hmat;
    ///
    /// if let Ok(Ok(table)) = Hmat::read(Root::SYSTEM) {
    ///     println!("node 1 from node 0: {:?} MB/s", table.write_bandwidth(0, 1));
    /// }
    /// ```
    pub fn write_bandwidth(&self, initiator: u32, target: u32) -> Option<u32> {
        self.figure(
            [Quantity::WriteBandwidth, Quantity::Bandwidth],
            initiator,
            target,
        )
    }

    /// The memory-side caches.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::hmat::Hmat;
    ///
    /// if let Ok(Ok(table)) = Hmat::read(Root::SYSTEM) {
    ///     for cache in table.caches() {
    ///         println!("domain {}: {} MiB", cache.domain, cache.size >> 20);
    ///     }
    /// }
    /// ```
    pub fn caches(&self) -> &[TableCache] {
        &self.caches
    }

    /// The domain of the initiator to which a domain's memory is attached.
    ///
    /// ```
    /// use numa::Root;
    /// use numa::hmat::Hmat;
    ///
    /// if let Ok(Ok(table)) = Hmat::read(Root::SYSTEM) {
    ///     println!("{:?}", table.attached_to(2));
    /// }
    /// ```
    pub fn attached_to(&self, memory: u32) -> Option<u32> {
        let mut pairs = self.attached.iter();
        pairs.find(|pair| pair.0 == memory).map(|pair| pair.1)
    }

    /// Whether each domain of the table is the number of a node: then what it tells of a domain is taken as
    /// told of that node. The kernel numbers nodes from 0 on in the order in which firmware lists domains, so
    /// that they differ where domains have gaps or are not in order.
    ///
    /// ```
    /// use numa::hmat::Hmat;
    /// use numa::{Root, topology};
    ///
    /// let nodes = topology::nodes(Root::SYSTEM, 1024)?;
    /// if let Ok(Ok(table)) = Hmat::read(Root::SYSTEM) {
    ///     assert!(table.is_of_nodes(nodes.as_bits()) || nodes.len() > 0);
    /// }
    /// # Ok::<(), numa::Error>(())
    /// ```
    pub fn is_of_nodes(&self, nodes: Bits<'_>) -> bool {
        let all = |domains: &[u32]| {
            domains
                .iter()
                .all(|&domain| nodes.contains(domain as usize))
        };
        self.matrices
            .iter()
            .all(|matrix| all(&matrix.initiators) && all(&matrix.targets))
            && self
                .caches
                .iter()
                .all(|cache| nodes.contains(cache.domain as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::MadeUp;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// A table of these structures, with a good length and checksum.
    fn table(revision: u8, structures: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = b"HMAT\0\0\0\0".to_vec();
        bytes.push(revision);
        bytes.resize(40, 0);
        structures.iter().for_each(|s| bytes.extend_from_slice(s));
        seal(&mut bytes);
        bytes
    }

    fn seal(bytes: &mut [u8]) {
        let len = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&len.to_le_bytes());
        bytes[9] = 0;
        let sum = bytes.iter().fold(0u8, |sum, &b| sum.wrapping_add(b));
        bytes[9] = 0u8.wrapping_sub(sum);
    }

    fn structure(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut bytes = kind.to_le_bytes().to_vec();
        bytes.extend_from_slice(&[0, 0]);
        bytes.extend_from_slice(&(body.len() as u32 + 8).to_le_bytes());
        bytes.extend_from_slice(body);
        bytes
    }

    fn matrix(
        kind: u8,
        unit: u64,
        initiators: &[u32],
        targets: &[u32],
        entries: &[u16],
    ) -> Vec<u8> {
        let mut body = vec![0, kind, 0, 0];
        body.extend_from_slice(&(initiators.len() as u32).to_le_bytes());
        body.extend_from_slice(&(targets.len() as u32).to_le_bytes());
        body.extend_from_slice(&[0; 4]);
        body.extend_from_slice(&unit.to_le_bytes());
        for domain in initiators.iter().chain(targets) {
            body.extend_from_slice(&domain.to_le_bytes());
        }
        for entry in entries {
            body.extend_from_slice(&entry.to_le_bytes());
        }
        structure(1, &body)
    }

    fn attached(memory: u32, initiator: u32) -> Vec<u8> {
        let mut body = vec![1, 0, 0, 0];
        body.extend_from_slice(&initiator.to_le_bytes());
        body.extend_from_slice(&memory.to_le_bytes());
        body.resize(32, 0);
        structure(0, &body)
    }

    fn cache(domain: u32, size: u64) -> Vec<u8> {
        let mut body = domain.to_le_bytes().to_vec();
        body.extend_from_slice(&[0; 4]);
        body.extend_from_slice(&size.to_le_bytes());
        body.extend_from_slice(&0x0040_0111u32.to_le_bytes());
        body.extend_from_slice(&[0; 4]);
        structure(2, &body)
    }

    fn good() -> Vec<u8> {
        let structures = [
            attached(2, 0),
            // 10 ns in picoseconds.
            matrix(1, 10_000, &[0, 1], &[0, 1, 2], &[9, 14, 30, 14, 9, 0xffff]),
            matrix(0, 1_000, &[0, 1], &[0, 1, 2], &[91, 0, 0, 0, 92, 310]),
            matrix(4, 1_000, &[0, 1], &[0, 1, 2], &[200, 100, 40, 100, 200, 0]),
            cache(2, 64 << 20),
            structure(9, b"of tomorrow"),
        ];
        table(2, &structures)
    }

    #[test]
    fn figures_of_pairs() {
        let hmat = Hmat::parse(&good()).unwrap();
        assert_eq!(hmat.read_latency(0, 0), Some(90));
        assert_eq!(hmat.read_latency(0, 2), Some(300));
        // Not told for reads, but for all accesses.
        assert_eq!(hmat.read_latency(1, 2), Some(310));
        assert_eq!(hmat.write_latency(0, 0), Some(91));
        assert_eq!(hmat.write_latency(0, 1), None);
        assert_eq!(hmat.read_bandwidth(1, 0), Some(100_000));
        assert_eq!(hmat.read_bandwidth(1, 2), None);
        assert_eq!(hmat.write_bandwidth(0, 0), None);
        assert_eq!(hmat.read_latency(2, 0), None);
        assert_eq!(hmat.attached_to(2), Some(0));
        assert_eq!(hmat.attached_to(0), None);
        let expected = TableCache {
            domain: 2,
            size: 64 << 20,
            levels: 1,
            level: 1,
            line_size: 64,
        };
        assert_eq!(hmat.caches(), [expected]);
        assert!(hmat.is_of_nodes(Bits::new(&[0b111], 64)));
        assert!(!hmat.is_of_nodes(Bits::new(&[0b011], 64)));
    }

    #[test]
    fn the_first_revision_counts_in_tenths() {
        let structures = [
            matrix(1, 100, &[0], &[0], &[9]),
            matrix(4, 10, &[0], &[0], &[50]),
        ];
        let hmat = Hmat::parse(&table(1, &structures)).unwrap();
        assert_eq!(hmat.read_latency(0, 0), Some(90));
        assert_eq!(hmat.read_bandwidth(0, 0), Some(50));
    }

    #[test]
    fn what_does_not_fit_is_not_reported() {
        let huge = [
            matrix(1, u64::MAX, &[0], &[0], &[2]),
            matrix(4, 1 << 40, &[0], &[0], &[2]),
        ];
        let hmat = Hmat::parse(&table(2, &huge)).unwrap();
        assert_eq!(hmat.read_latency(0, 0), None);
        assert_eq!(hmat.read_bandwidth(0, 0), None);
    }

    #[test]
    fn tables_are_refused_with_a_reason() {
        let bytes = good();
        assert_eq!(Hmat::parse(b"").err(), Some(HmatError::Signature));
        assert_eq!(Hmat::parse(b"SRAT").err(), Some(HmatError::Signature));
        let given = bytes.len() - 1;
        let said = bytes.len() as u32;
        assert_eq!(
            Hmat::parse(&bytes[..given]).err(),
            Some(HmatError::Length { said, given })
        );
        let mut bad = bytes.clone();
        bad[60] ^= 1;
        assert_eq!(Hmat::parse(&bad).err(), Some(HmatError::Checksum));
        for revision in [0, 3] {
            let error = Hmat::parse(&table(revision, &[])).err();
            assert_eq!(error, Some(HmatError::Revision(revision)));
        }
        assert!(Hmat::parse(&table(2, &[])).is_ok(), "empty");
    }

    #[test]
    fn no_count_is_believed() {
        let at = HmatError::Structure { at: 40 };
        let malformed = |structure: Vec<u8>| Hmat::parse(&table(2, &[structure])).err();
        for len in [0u32, 7, 0x7fff_ffff, u32::MAX] {
            let mut bytes = structure(7, &[0; 8]);
            bytes[4..8].copy_from_slice(&len.to_le_bytes());
            assert_eq!(malformed(bytes), Some(at), "{len}");
        }
        for count in [2u32, 0x4000_0000, u32::MAX] {
            for field in [12, 16] {
                let mut bytes = matrix(1, 1, &[0], &[0], &[1]);
                bytes[field..field + 4].copy_from_slice(&count.to_le_bytes());
                assert_eq!(malformed(bytes), Some(at), "{count} at {field}");
            }
        }
        for kind in 0..3 {
            assert_eq!(malformed(structure(kind, &[])), Some(at));
        }
        let mut unknown = matrix(1, 1, &[0], &[0], &[1]);
        unknown[9] = 6;
        assert_eq!(malformed(unknown), Some(at));
    }

    #[test]
    fn the_systems_table_is_a_file() {
        let made = MadeUp::new();
        assert_eq!(Hmat::read(made.root()).unwrap_err().errno(), Errno::ENOENT);
        made.write("sys/firmware/acpi/tables/HMAT", &good());
        let hmat = Hmat::read(made.root()).unwrap().unwrap();
        assert_eq!(hmat.read_latency(1, 1), Some(90));
        made.write("sys/firmware/acpi/tables/HMAT", b"HMAT");
        assert!(Hmat::read(made.root()).unwrap().is_err());
    }

    proptest! {
        #![proptest_config(crate::testing::same_cases())]
        #[test]
        fn damage_is_an_error_or_a_table(changes in prop::collection::vec((40..400usize, any::<u8>()), 1..6), cut in 0..400usize) {
            let mut bytes = good();
            for (at, byte) in changes {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            bytes.truncate(cut.max(40));
            seal(&mut bytes);
            if let Ok(hmat) = Hmat::parse(&bytes) {
                for (initiator, target) in [(0, 0), (1, 2), (u32::MAX, 0)] {
                    let _ = (hmat.read_latency(initiator, target), hmat.write_bandwidth(initiator, target));
                }
                let _ = hmat.is_of_nodes(Bits::new(&[1], 64));
            }
        }
    }
}
