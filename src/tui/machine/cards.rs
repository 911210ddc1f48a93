//! NVIDIA cards, by the library of their driver, which is looked for when somebody first wants to know.

use nvml_wrapper::enum_wrappers::device::{TemperatureSensor, TemperatureThreshold};
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::{Device, Nvml};

use super::load::rounded;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cards {
    /// At least one card.
    Found(Vec<Card>),
    /// None, and why.
    Absent(String),
}

/// A card. What it does not tell is absent; the rest is rounded to what is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// Its number.
    pub number: u32,
    /// Its model.
    pub name: String,
    /// Time in which it computed, in percent.
    pub busy: Option<u8>,
    /// Memory in use and what there is, in bytes.
    pub memory: Option<(u64, u64)>,
    /// Degrees Celsius.
    pub temperature: Option<u32>,
    /// Those at which it slows down.
    pub hottest: Option<u32>,
    /// Watts.
    pub power: Option<u32>,
    /// Those that it may take.
    pub most_power: Option<u32>,
    /// The processes that use it.
    pub processes: Vec<u32>,
    /// Why it says nothing, where it does not.
    pub problem: Option<String>,
}

/// Where the samples come from.
#[derive(Debug, Default)]
pub struct Source(Option<Result<Nvml, String>>);

impl Source {
    /// The cards now.
    pub fn sample(&mut self) -> Cards {
        match self.0.get_or_insert_with(|| Nvml::init().map_err(|e| reason(&e))) {
            Err(reason) => Cards::Absent(reason.clone()),
            Ok(library) => match library.device_count() {
                Err(error) => Cards::Absent(reason(&error)),
                Ok(0) => Cards::Absent("the driver knows of none".into()),
                Ok(count) => Cards::Found((0..count).map(|number| card(library, number)).collect()),
            },
        }
    }
}

/// Why there is nothing, for a sentence.
fn reason(error: &NvmlError) -> String {
    match error {
        NvmlError::LibloadingError(_) | NvmlError::LibraryNotFound => {
            "the driver's library libnvidia-ml.so.1 was not found".into()
        }
        other => other.to_string(),
    }
}

fn card(library: &Nvml, number: u32) -> Card {
    match library.device_by_index(number) {
        Ok(device) => read(&device, number),
        Err(error) => Card { number, problem: Some(reason(&error)), ..Card::default() },
    }
}

fn read(device: &Device<'_>, number: u32) -> Card {
    let watts = |milliwatts: u32| (milliwatts + 500) / 1000;
    let both = [device.running_compute_processes(), device.running_graphics_processes()];
    let mut processes: Vec<u32> = both.into_iter().flatten().flatten().map(|process| process.pid).collect();
    processes.sort_unstable();
    processes.dedup();
    Card {
        number,
        name: device.name().unwrap_or_else(|_| "a card without a name".into()),
        busy: device.utilization_rates().ok().map(|rates| rates.gpu.min(100) as u8),
        memory: device.memory_info().ok().map(|memory| (rounded(memory.used), memory.total)),
        temperature: device.temperature(TemperatureSensor::Gpu).ok(),
        hottest: device.temperature_threshold(TemperatureThreshold::Slowdown).ok().filter(|t| *t > 0),
        power: device.power_usage().ok().map(watts),
        most_power: device.enforced_power_limit().ok().map(watts).filter(|w| *w > 0),
        processes,
        problem: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_with_or_without_cards_says_something() {
        match Source::default().sample() {
            Cards::Absent(why) => assert!(!why.is_empty()),
            Cards::Found(cards) => assert!(cards.iter().all(|card| !card.name.is_empty())),
        }
        assert_eq!(reason(&NvmlError::DriverNotLoaded), "NVIDIA driver is not loaded");
        assert!(reason(&NvmlError::LibraryNotFound).contains("was not found"));
    }
}
