//! Sets of small numbers as bits, sized once.

/// Numbers from 0 up to a limit that was given when the set was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// None of `count` numbers.
    pub(super) fn none(count: usize) -> Self {
        Bits(vec![0; count.div_ceil(64)])
    }

    /// All of `count` numbers.
    pub(super) fn all(count: usize) -> Self {
        let mut bits = Self::none(count);
        (0..count).for_each(|item| bits.insert(item));
        bits
    }

    pub(super) fn insert(&mut self, item: usize) {
        self.0[item / 64] |= 1 << (item % 64);
    }

    pub(super) fn remove(&mut self, item: usize) {
        self.0[item / 64] &= !(1 << (item % 64));
    }

    pub(super) fn contains(&self, item: usize) -> bool {
        self.0[item / 64] >> (item % 64) & 1 == 1
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many 64-bit words it takes.
    pub(super) fn words(&self) -> usize {
        self.0.len()
    }

    /// The lowest number of the set.
    pub(super) fn first(&self) -> Option<usize> {
        let (place, word) = self.0.iter().enumerate().find(|(_, word)| **word != 0)?;
        Some(place * 64 + word.trailing_zeros() as usize)
    }

    /// How many are in both sets.
    pub(super) fn common(&self, other: &Bits) -> usize {
        self.0.iter().zip(&other.0).map(|(mine, theirs)| (mine & theirs).count_ones() as usize).sum()
    }

    pub(super) fn meets(&self, other: &Bits) -> bool {
        self.0.iter().zip(&other.0).any(|(mine, theirs)| mine & theirs != 0)
    }

    pub(super) fn is_within(&self, other: &Bits) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| mine & !theirs == 0)
    }

    /// Keep what is in the other set too.
    pub(super) fn keep(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= theirs);
    }

    /// Add the other set.
    pub(super) fn add(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// Remove the other set.
    pub(super) fn cut(&mut self, other: &Bits) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine &= !theirs);
    }

    /// What is in both sets.
    pub(super) fn and(&self, other: &Bits) -> Bits {
        Bits(self.0.iter().zip(&other.0).map(|(mine, theirs)| mine & theirs).collect())
    }

    /// The numbers, the lowest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(place, word)| {
            let mut word = *word;
            std::iter::from_fn(move || {
                if word == 0 {
                    return None;
                }
                let bit = word.trailing_zeros() as usize;
                word &= word - 1;
                Some(place * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        let (mut a, mut b) = (Bits::none(130), Bits::none(130));
        [0, 63, 64, 129].iter().for_each(|item| a.insert(*item));
        [63, 100].iter().for_each(|item| b.insert(*item));
        assert_eq!(a.iter().collect::<Vec<_>>(), [0, 63, 64, 129]);
        assert!(a.contains(129) && !a.contains(128) && a.meets(&b) && !b.is_within(&a) && a.common(&b) == 1);
        assert_eq!((a.len(), a.first(), a.words(), Bits::all(130).len()), (4, Some(0), 3, 130));
        assert_eq!(a.and(&b).iter().collect::<Vec<_>>(), [63]);
        a.cut(&b);
        a.remove(0);
        b.add(&a);
        assert_eq!(b.iter().collect::<Vec<_>>(), [63, 64, 100, 129]);
        b.keep(&a);
        assert!(b == a && !b.is_empty() && Bits::none(9).is_empty());
    }
}
