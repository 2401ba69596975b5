//! `awaitify check`: the audit, in any format.

use anyhow::{Result, bail};

use super::Outcome;
use super::migrate::{no_stdin, request};
use super::output::{color_of, emit, say};
use crate::analysis;
use crate::check::{Audit, Code, Finding, scorecard};
use crate::cli::options::{Format, KeepGoing};
use crate::cli::{CheckArgs, Console};
use crate::report::{findings, github, html, markdown, sarif};

pub(super) fn run(console: &Console, args: &CheckArgs) -> Result<Outcome> {
    no_stdin(&args.selection.paths)?;
    for (flag, codes) in [("--select", &args.select), ("--ignore", &args.ignore), ("--fail-on", &args.output.fail_on)] {
        known_codes(flag, codes)?;
    }
    let flags = args.overrides.flags(&args.selection);
    let (analysis, mut audit) = analysis::audit(request(&args.selection, &flags))?;
    if let Some(problem) = analysis.unreadable.first().filter(|_| args.selection.keep_going == KeepGoing::No) {
        bail!("{problem}");
    }
    audit.findings.retain(|finding| is_wanted(args, finding));
    for problem in analysis.problems.iter().chain(&analysis.unreadable) {
        say(console, &format!("{problem}\n"));
    }
    let world = analysis.world();
    let shown = findings::shown(world, &audit.findings);
    let card = args.scorecard.then(|| scorecard::scorecard(&audit));
    let text = match args.output.format {
        Format::Human => match &card {
            Some(card) => findings::card::text(card, &audit),
            None => findings::text::text(&shown, color_of(console, &args.output)),
        },
        Format::Json => findings::json::report(&shown, card.as_ref(), &audit, &analysis.problems, &analysis.unreadable),
        Format::Sarif => sarif::report(&shown),
        Format::Github => github::report(&shown),
        Format::Markdown => markdown::report(&shown, card.as_ref(), &audit),
        Format::Html => html::report(&shown, card.as_ref(), &audit),
    };
    emit(&args.output, text.as_bytes())?;
    say(console, &findings::text::summary(&audit));
    Ok(outcome(args, &audit, !analysis.unreadable.is_empty()))
}

fn is_wanted(args: &CheckArgs, finding: &Finding) -> bool {
    let named = |codes: &[String]| codes.iter().any(|code| finding.code.matches(code));
    (args.select.is_empty() || named(&args.select)) && !named(&args.ignore)
}

fn outcome(args: &CheckArgs, audit: &Audit, unreadable: bool) -> Outcome {
    let fails = audit.findings.iter().any(|finding| fails_on(&args.output.fail_on, finding.code));
    match (unreadable, fails && !args.output.exit_zero) {
        (true, _) => Outcome::Failed,
        (false, true) => Outcome::Pending,
        (false, false) => Outcome::Clean,
    }
}

/// Does a finding of this code make the exit code 1? All do, unless some are named.
fn fails_on(codes: &[String], code: Code) -> bool {
    codes.is_empty() || codes.iter().any(|pattern| code.matches(pattern))
}

/// # Errors
/// Names the first code that does not exist, with the nearest one.
pub(super) fn known_codes(flag: &str, codes: &[String]) -> Result<()> {
    let Some(unknown) = codes.iter().find(|code| !Code::exists(code)) else { return Ok(()) };
    let names = Code::ALL.iter().flat_map(|code| [code.name(), code.rule().slug]);
    let nearest = names.max_by(|left, right| {
        let near = |name: &str| strsim::jaro_winkler(&unknown.to_ascii_uppercase(), &name.to_ascii_uppercase());
        near(left).total_cmp(&near(right))
    });
    bail!(
        "`{flag}`: there is no code `{unknown}`; did you mean `{}`? docs/checks.md lists all",
        nearest.unwrap_or("AW101")
    )
}
