//! A good set to begin with: greedy, then made better by exchanging one for two, from several starts.

use super::bits::Bits;
use super::graph::Graph;

/// A set without a circle that is good, if not always the best.
pub(super) fn start(graph: &Graph, weights: &[u64]) -> Bits {
    let count = graph.out.len();
    // A small graph is searched as fast as it is climbed.
    let rounds = if count < 16 { 0 } else { (400_000 / (count * count)).clamp(4, 60) };
    climb(graph, weights, Bits::none(count), rounds)
}

/// A better set than this one, where a search did not come to its end.
pub(super) fn again(graph: &Graph, weights: &[u64], set: Bits) -> Bits {
    let count = graph.out.len().max(1);
    climb(graph, weights, set, (8_000_000 / (count * count)).clamp(8, 200))
}

fn climb(graph: &Graph, weights: &[u64], mut now: Bits, rounds: usize) -> Bits {
    let mut climber = Climber { graph, weights, random: fastrand::Rng::with_seed(7) };
    climber.fill(&mut now);
    climber.improve(&mut now);
    let mut best = now.clone();
    for _ in 0..rounds {
        let mut next = now.clone();
        climber.shake(&mut next);
        climber.fill(&mut next);
        climber.improve(&mut next);
        if climber.weight(&next) >= climber.weight(&now) {
            now = next;
        } else if climber.random.u8(0..4) == 0 {
            now.clone_from(&best);
        }
        if climber.weight(&now) > climber.weight(&best) {
            best.clone_from(&now);
        }
    }
    best
}

struct Climber<'a> {
    graph: &'a Graph,
    weights: &'a [u64],
    random: fastrand::Rng,
}

impl Climber<'_> {
    fn weight(&self, set: &Bits) -> u64 {
        set.iter().map(|item| self.weights[item]).sum()
    }

    /// Add what fits, those first that stand in the way of the least.
    fn fill(&mut self, set: &mut Bits) {
        let mut open: Vec<usize> = (0..self.weights.len()).filter(|item| !set.contains(*item)).collect();
        let mut free = Bits::all(self.weights.len());
        free.cut(set);
        let keys: Vec<_> = (0..self.weights.len())
            .map(|item| {
                let cost = self.graph.out[item].common(&free).min(self.graph.into[item].common(&free)) as u64;
                ((cost + 1) * 1_000_000 / self.weights[item].max(1), self.random.u32(..))
            })
            .collect();
        open.sort_by_key(|item| keys[*item]);
        for item in open {
            if self.graph.fits(set, item) {
                set.insert(item);
            }
        }
    }

    /// As long as one can be exchanged for something heavier, for one or two others, do.
    fn improve(&self, set: &mut Bits) {
        while self.exchange(set) {}
    }

    fn exchange(&self, set: &mut Bits) -> bool {
        for item in set.clone().iter() {
            let mut without = set.clone();
            without.remove(item);
            let fits = |other: &usize| {
                *other != item
                    && !without.contains(*other)
                    && !self.has_rival(&without, *other)
                    && self.graph.fits(&without, *other)
            };
            let fitting: Vec<usize> = (0..self.weights.len()).filter(fits).collect();
            for (place, &one) in fitting.iter().enumerate() {
                without.insert(one);
                if self.weights[one] > self.weights[item] {
                    *set = without;
                    return true;
                }
                let heavy = |other: &&usize| self.weights[one] + self.weights[**other] > self.weights[item];
                if let Some(&other) =
                    fitting[place + 1..].iter().filter(heavy).find(|other| self.graph.fits(&without, **other))
                {
                    without.insert(other);
                    *set = without;
                    return true;
                }
                without.remove(one);
            }
        }
        false
    }

    fn has_rival(&self, set: &Bits, item: usize) -> bool {
        self.graph.rivals(item).meets(set)
    }

    /// Force one in, and out what it stands against.
    fn shake(&mut self, set: &mut Bits) {
        for _ in 0..self.random.usize(1..4) {
            let item = self.random.usize(0..self.weights.len());
            set.remove(item);
            set.cut(&self.graph.rivals(item));
            while !self.graph.fits(set, item) {
                let behind = self.graph.out[item].and(set);
                let Some(other) = behind.first() else { break };
                set.remove(other);
            }
            set.insert(item);
        }
    }
}
