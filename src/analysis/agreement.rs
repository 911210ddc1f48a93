//! How well predictions agree with what was observed: of quantities by correlation, error and slope, of classes by a
//! table of who was taken for whom.

/// The agreement of predicted quantities with observed ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// How many there are.
    pub n: usize,
    /// Pearson's correlation; none where one of the two is constant.
    pub r: Option<f64>,
    /// The mean squared error.
    pub mse: f64,
    /// What the observed rise by for one more of the predicted: 1 without inflation, less where predictions are
    /// spread too far. None where the predicted are constant.
    pub slope: Option<f64>,
    /// The mean of the predicted less that of the observed.
    pub bias: f64,
}

impl Agreement {
    /// Of pairs (observed, predicted); `None` without any.
    pub fn of(pairs: impl Iterator<Item = (f64, f64)> + Clone) -> Option<Self> {
        let n = pairs.clone().count();
        if n == 0 {
            return None;
        }
        let count = n as f64;
        let sum = |f: fn(f64, f64) -> f64| pairs.clone().map(|(o, p)| f(o, p)).sum::<f64>();
        let (observed, predicted) = (sum(|o, _| o) / count, sum(|_, p| p) / count);
        let mse = sum(|o, p| (o - p).powi(2)) / count;
        let (mut oo, mut pp, mut op) = (0.0, 0.0, 0.0);
        for (o, p) in pairs.clone() {
            let (o, p) = (o - observed, p - predicted);
            (oo, pp, op) = (oo + o * o, pp + p * p, op + o * p);
        }
        Some(Agreement {
            n,
            r: (oo > 0.0 && pp > 0.0).then(|| op / (oo * pp).sqrt()),
            mse,
            slope: (pp > 0.0).then(|| op / pp),
            bias: predicted - observed,
        })
    }
}

/// Who was taken for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<usize>,
}

impl Confusion {
    /// Of pairs (observed, predicted) of places among so many classes; pairs of other places are passed over.
    pub fn of(classes: usize, pairs: impl Iterator<Item = (usize, usize)>) -> Self {
        let mut counts = vec![0; classes * classes];
        for (observed, predicted) in pairs.filter(|(o, p)| *o < classes && *p < classes) {
            counts[observed * classes + predicted] += 1;
        }
        Confusion { classes, counts }
    }

    /// How many of a class were taken for another, or the same.
    pub fn count(&self, observed: usize, predicted: usize) -> usize {
        self.counts.get(observed * self.classes + predicted).copied().unwrap_or(0)
    }

    /// How many there are of a class.
    pub fn of_class(&self, observed: usize) -> usize {
        (0..self.classes).map(|predicted| self.count(observed, predicted)).sum()
    }

    /// The share of a class that was taken for itself; none where there are none.
    pub fn recall(&self, observed: usize) -> Option<f64> {
        let all = self.of_class(observed);
        (all > 0).then(|| self.count(observed, observed) as f64 / all as f64)
    }

    /// The share of all that were taken for what they are, and how many there are.
    pub fn accuracy(&self) -> (Option<f64>, usize) {
        let all: usize = self.counts.iter().sum();
        let right: usize = (0..self.classes).map(|class| self.count(class, class)).sum();
        ((all > 0).then(|| right as f64 / all as f64), all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_by_hand() {
        // Observed 1, 2, 3, 6 (mean 3), predicted 2, 2, 3, 5 (mean 3): Σoo 14, Σpp 6, Σop 2+1+0+6 = 9.
        let pairs = [(1.0, 2.0), (2.0, 2.0), (3.0, 3.0), (6.0, 5.0)];
        let found = Agreement::of(pairs.into_iter()).unwrap();
        assert_eq!((found.n, found.mse, found.slope, found.bias), (4, 0.5, Some(1.5), 0.0));
        assert!((found.r.unwrap() - 9.0 / 84.0_f64.sqrt()).abs() < 1e-12);
        let constant = Agreement::of([(1.0, 4.0), (2.0, 4.0)].into_iter()).unwrap();
        assert_eq!((constant.r, constant.slope, constant.bias), (None, None, 2.5));
        assert_eq!(Agreement::of(std::iter::empty()), None);
    }

    #[test]
    fn a_table_of_confusions() {
        let pairs = [(0, 0), (0, 1), (1, 1), (1, 1), (1, 0), (5, 0)];
        let found = Confusion::of(3, pairs.into_iter());
        assert_eq!((found.count(0, 1), found.count(1, 1), found.of_class(1)), (1, 2, 3));
        assert_eq!((found.recall(0), found.recall(2)), (Some(0.5), None));
        assert_eq!(found.accuracy(), (Some(0.6), 5));
    }
}
