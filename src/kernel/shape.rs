//! The sizes of a 1-d convolution followed by max pooling.

/// What happens at the input's ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// Zeros, so that there are ⌈positions / stride⌉ outputs; an odd zero goes to the right, as in Keras.
    Same,
    /// None: the kernel stays inside the input.
    Valid,
}

/// How a convolution moves and how its outputs are pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvSpec {
    /// Positions between two applications of the kernel; at least 1.
    pub stride: usize,
    /// What happens at the input's ends.
    pub padding: Padding,
    /// Neighbouring outputs of which the largest is kept; 1 for a plain convolution, at most 65,536.
    pub pool: usize,
}

/// The sizes that follow from a [`ConvSpec`] and the tensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvShape {
    /// Positions of the input.
    pub positions: usize,
    /// Values at each position.
    pub channels: usize,
    /// Positions under the kernel.
    pub taps: usize,
    /// Filters.
    pub filters: usize,
    /// Positions between two applications of the kernel; at most `positions`.
    pub stride: usize,
    /// Outputs pooled into one.
    pub pool: usize,
    /// Zeros to the left of the input.
    pub left: usize,
    /// Outputs of the convolution.
    pub convolved: usize,
    /// Outputs of the pooling; a remainder of fewer than `pool` outputs is left out, as in Keras.
    pub pooled: usize,
}

impl ConvShape {
    /// The sizes for an input of `positions` × `channels` and a kernel of `taps` × channels × `filters`.
    ///
    /// # Errors
    /// A sentence with the two numbers that contradict each other.
    pub fn new(
        spec: ConvSpec,
        positions: usize,
        channels: usize,
        taps: usize,
        filters: usize,
    ) -> Result<Self, String> {
        let sizes = [positions, channels, taps, filters, spec.stride, spec.pool];
        if sizes.contains(&0) {
            return Err(format!("a convolution's sizes must be at least 1, got {sizes:?}"));
        }
        if spec.pool > 1 << 16 {
            return Err(format!("pool {} is larger than {}", spec.pool, 1 << 16));
        }
        // A stride beyond the input gives one output, as a stride of its length does.
        let stride = spec.stride.min(positions);
        let (convolved, left) = match spec.padding {
            Padding::Same => {
                let convolved = positions.div_ceil(stride);
                let total = ((convolved - 1) * stride + taps).saturating_sub(positions);
                (convolved, total / 2)
            }
            Padding::Valid => match windows(positions, taps, stride) {
                Some(convolved) => (convolved, 0),
                None => {
                    return Err(format!("kernel {taps} is longer than the input of {positions} positions"));
                }
            },
        };
        if convolved < spec.pool {
            return Err(format!(
                "pool {} is larger than the {convolved} outputs of the convolution",
                spec.pool
            ));
        }
        let pooled = convolved / spec.pool;
        Ok(ConvShape { positions, channels, taps, filters, stride, pool: spec.pool, left, convolved, pooled })
    }

    /// Convolution outputs that end up in a pool.
    pub(super) fn used(&self) -> usize {
        self.pooled * self.pool
    }

    /// Values under the kernel: channels lie innermost, so that a convolution over channels is one over
    /// `taps × channels` values that moves by [`ConvShape::step`].
    pub(super) fn span(&self) -> usize {
        self.taps * self.channels
    }

    /// Values between two applications of the kernel.
    pub(super) fn step(&self) -> usize {
        self.stride * self.channels
    }
}

/// How many windows of `size` positions fit into `positions` without going over their end, where one
/// starts every `stride`; none where a number is 0 or the first window is too long.
pub fn windows(positions: usize, size: usize, stride: usize) -> Option<usize> {
    let free = positions.checked_sub(size).filter(|_| size > 0)?;
    Some(free.checked_div(stride)? + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_follows_keras() {
        let shape = |positions, taps, stride| {
            let spec = ConvSpec { stride, padding: Padding::Same, pool: 1 };
            let shape = ConvShape::new(spec, positions, 1, taps, 1).unwrap();
            (shape.convolved, shape.left)
        };
        // Even kernels and strides put the odd zero to the right.
        assert_eq!(shape(9723, 27, 2), (4862, 13));
        assert_eq!(shape(10, 27, 2), (5, 12));
        assert_eq!(shape(10, 4, 1), (10, 1));
        assert_eq!(shape(10, 2, 4), (3, 0));
    }

    #[test]
    fn contradictions_name_both_numbers() {
        let spec = ConvSpec { stride: 2, padding: Padding::Valid, pool: 9 };
        assert!(ConvShape::new(spec, 10, 1, 11, 4).unwrap_err().contains("kernel 11"));
        let message = ConvShape::new(spec, 10, 1, 3, 4).unwrap_err();
        assert!(message.contains("pool 9") && message.contains("4 outputs"), "{message}");
        let huge = ConvSpec { stride: usize::MAX, padding: Padding::Same, pool: 1 };
        assert_eq!(ConvShape::new(huge, 10, 3, 4, 1).unwrap().pooled, 1);
    }

    #[test]
    fn windows_stay_inside() {
        assert_eq!([windows(10, 3, 2), windows(10, 10, 7), windows(9, 3, 3)], [Some(4), Some(1), Some(3)]);
        assert_eq!([windows(10, 11, 1), windows(10, 0, 1), windows(10, 2, 0)], [None; 3]);
    }
}
