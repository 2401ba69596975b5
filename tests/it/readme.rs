//! What the README tells people to type works.

use std::path::Path;

use crate::support::run;

/// The commands of the README's `sh` blocks that run awaitify, as arguments.
fn commands() -> Vec<Vec<String>> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README");
    let mut blocks = readme.split("```");
    let mut found = vec![];
    while let (Some(_), Some(block)) = (blocks.next(), blocks.next()) {
        let Some(lines) = block.strip_prefix("sh\n") else { continue };
        for line in lines.lines() {
            let line = line.split('#').next().unwrap_or_default().trim();
            let arguments = line.split_once("-- ").map(|(_, rest)| rest).or_else(|| line.strip_prefix("awaitify "));
            let runs = line.starts_with("awaitify ") || line.starts_with("cargo run");
            if let Some(arguments) = arguments.filter(|_| runs) {
                found.push(arguments.split_whitespace().map(str::to_owned).collect());
            }
        }
    }
    found
}

#[test]
fn every_command_is_known() {
    let commands = commands();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let words = ["awaitify"].into_iter().chain(command.iter().map(String::as_str));
        let parsed = <awaitify::cli::Args as clap::Parser>::try_parse_from(words);
        assert!(parsed.is_ok(), "{command:?}: {parsed:?}");
    }
}

#[test]
fn the_example_has_a_diff_to_show() {
    let command = commands().into_iter().find(|command| command.iter().any(|word| word == "examples/shop"));
    let command = command.expect("the README runs the example");
    let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
    let diff = run(Path::new(env!("CARGO_MANIFEST_DIR")), &arguments, b"").returned(1);
    for line in [
        "+    if not await request.app.state.customers.is_keeper(request.body.get(\"who\")):",
        "+    async def is_keeper(self, who):",
    ] {
        assert!(diff.text().lines().any(|text| text == line), "the README shows `{line}`:\n{}", diff.text());
    }
}
