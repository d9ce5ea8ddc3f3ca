//! The hub over real HTTP: a server on a free port of this machine, devices that sign.

mod admin;
mod blobs;
mod calendars;
mod device;
mod enrolment;
mod erasures;
mod hostile;
mod lifetime;
mod page;
mod patrols;
mod phones;
mod pull;
mod push;
mod sealing;
mod server;
mod sessions;
mod verdicts;
