//! The threads that answer what the dashboard asks: one for what needs the data and a network, one for the rest,
//! so that neither waits for the other.

use std::mem::discriminant;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use anyhow::Result;

use super::background::{self, Background};
use super::studies::{self, Catalog};
use super::{export, minds};
use crate::tui::ask::{Answer, Ask, Desk};

/// Why a program's studies have no networks to look into.
const NO_NETWORK: &str = "a program has no markers and no layers: this is of networks";

/// Starts both threads. `background` is there of studies of networks; `catalog` lists the others of the folder,
/// and `own` is where it lies.
///
/// # Errors
/// Where the system refuses a thread.
pub fn open(background: Option<Background>, mut catalog: Catalog, own: PathBuf) -> Result<Desk> {
    let (heavy, for_heavy) = channel();
    let (light, for_light) = channel();
    let (outbox, answers) = channel();
    let out = outbox.clone();
    background::spawn("networks", move |pool| {
        let mut genome = None;
        serve(&for_heavy, &out, |ask| match (&background, ask) {
            (Some(own), Ask::Profile { trial, params }) => {
                let profile = background::caught(&pool, || own.profile(trial, &params, &mut genome));
                Some(Answer::Profile(trial, profile.map(Arc::new)))
            }
            (Some(own), Ask::Predictions { trial, params }) => {
                let found = background::caught(&pool, || own.predictions(trial, &params));
                Some(Answer::Predictions(trial, found.map(Arc::new)))
            }
            (Some(own), Ask::Layers { trial, params }) => {
                Some(Answer::Layers(trial, background::caught(&pool, || own.network(&params))))
            }
            (None, ask) => Some(Answer::refusal(ask, NO_NETWORK)),
            (Some(_), _) => None,
        });
    })?;
    background::spawn("desk", move |pool| {
        serve(&for_light, &outbox, |ask| match ask {
            Ask::Studies => Some(Answer::Studies(catalog.rows())),
            Ask::Study(store) => {
                let history = studies::history(&store);
                Some(Answer::Study(store, history))
            }
            Ask::Export(trial) => Some(export::answer(&own, trial)),
            other => {
                let answer = minds::answer(&pool, &other)?;
                Some(match other.moment() {
                    Some(moment) => Answer::Of(moment, Box::new(answer)),
                    None => answer,
                })
            }
        });
    })?;
    Ok(Desk { heavy, light, answers })
}

/// Answers until the dashboard is left; of several questions of a sort that wait, the last one.
fn serve(inbox: &Receiver<Ask>, outbox: &Sender<Answer>, mut answer: impl FnMut(Ask) -> Option<Answer>) {
    while let Ok(first) = inbox.recv() {
        let mut waiting: Vec<Ask> = Vec::new();
        for ask in std::iter::once(first).chain(inbox.try_iter()) {
            waiting.retain(|other| discriminant(other) != discriminant(&ask));
            waiting.push(ask);
        }
        for ask in waiting {
            if let Some(answer) = answer(ask)
                && outbox.send(answer).is_err()
            {
                return;
            }
        }
    }
}
