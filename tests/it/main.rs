//! Integration tests: the built program on projects on disk. One binary, so that it links once.

mod spread;
mod support;

mod bad_input;
mod batch;
mod check;
mod cli;
mod codemods;
mod computed;
mod drivers;
mod following;
mod constructs;
mod functions;
mod groups;
mod handed;
mod implied;
mod homes;
mod differences;
mod init;
mod limits;
mod loop_bound;
mod outside;
mod plans;
mod mocked;
mod native;
mod projects;
mod readme;
mod receivers;
mod refusals;
mod renames;
mod terminal;
mod tested;
mod trio;
mod uncertain;
mod unseen;
