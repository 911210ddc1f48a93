//! The part of an axis that is in sight.

/// A part of what lies between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Where it begins.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

impl Default for Window {
    fn default() -> Self {
        Window { from: 0.0, to: 1.0 }
    }
}

impl Window {
    /// Whether all is in sight.
    pub fn is_whole(self) -> bool {
        self == Window::default()
    }

    /// How much of it is in sight.
    pub fn width(self) -> f64 {
        self.to - self.from
    }

    /// Half as much, around `about`, but no less than `least`.
    pub fn zoom_in(&mut self, about: f64, least: f64) {
        let width = (self.width() / 2.0).max(least.min(self.width()));
        self.set(about - width / 2.0, width);
    }

    /// Twice as much, around `about`.
    pub fn zoom_out(&mut self, about: f64) {
        let width = (self.width() * 2.0).min(1.0);
        self.set(about - width / 2.0, width);
    }

    /// Moves by a share of its width.
    pub fn pan(&mut self, by: f64) {
        let width = self.width();
        self.set(self.from + by * width, width);
    }

    /// Moves as little as needed for `at` to be in sight.
    pub fn show(&mut self, at: f64) {
        let width = self.width();
        if at < self.from {
            self.set(at, width);
        } else if at > self.to {
            self.set(at - width, width);
        }
    }

    fn set(&mut self, from: f64, width: f64) {
        let from = from.clamp(0.0, (1.0 - width).max(0.0));
        *self = Window { from, to: if width >= 1.0 { 1.0 } else { from + width } };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_zooms_about_a_place_and_stays_inside() {
        let mut window = Window::default();
        window.zoom_in(0.9, 0.1);
        assert_eq!(window, Window { from: 0.5, to: 1.0 });
        window.pan(-0.5);
        assert_eq!(window, Window { from: 0.25, to: 0.75 });
        window.show(0.875);
        assert_eq!(window, Window { from: 0.375, to: 0.875 });
        window.show(0.0);
        assert_eq!(window, Window { from: 0.0, to: 0.5 });
        (0..9).for_each(|_| window.zoom_in(0.25, 0.1));
        assert!((window.width() - 0.1).abs() < 1e-12);
        (0..9).for_each(|_| window.zoom_out(0.25));
        assert!(window.is_whole());
    }
}
