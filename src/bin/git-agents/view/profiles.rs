//! Profiles: how agent programs are called.

use git_agents::profile::{Call, Origin, Profile, Stdin, builtin};
use serde::Serialize;

use crate::error::{CliError, quoted};
use crate::render::style::{Style, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// `profiles`.
#[derive(Debug, Serialize)]
pub(crate) struct ProfilesView {
    pub(crate) profiles: Vec<ProfileView>,
    /// Those that cannot be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unusable: Vec<UnusableView>,
}

/// One that cannot be used.
#[derive(Debug, Serialize)]
pub(crate) struct UnusableView {
    pub(crate) name: String,
    pub(crate) problem: String,
}

/// `profiles NAME`.
#[derive(Debug, Serialize)]
pub(crate) struct ProfileView {
    pub(crate) name: String,
    /// It is the one that is configured for everybody.
    pub(crate) active: bool,
    pub(crate) from: &'static str,
    /// `null` for a script: only a shell knows what it runs.
    pub(crate) program: Option<String>,
    pub(crate) installed: Option<bool>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) install: String,
    pub(crate) command: CallView,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interactive: Option<CallView>,
    /// What is added to `interactive` when there is a prompt.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) opening: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resume: Option<CallView>,
    /// What says the model; absent where none can be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) model: Vec<String>,
    pub(crate) models: ModelsView,
    pub(crate) stdin: &'static str,
    pub(crate) tells: TellsView,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) instructions: String,
}

/// A command line, or a script.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum CallView {
    Words(Vec<String>),
    Script { script: String },
}

/// The program's own names for the tiers; absent where it has none that stay.
#[derive(Debug, Serialize)]
pub(crate) struct ModelsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) strong: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) standard: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fast: Option<String>,
    /// Where all of them are listed.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) listed_by: &'static str,
}

/// Where in its output what is told.
#[derive(Debug, Serialize)]
pub(crate) struct TellsView {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) session: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) cost: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) tokens: Vec<String>,
}

impl ProfilesView {
    pub(crate) fn new(profiles: Vec<ProfileView>, unusable: Vec<(String, CliError)>) -> Self {
        let unusable = unusable.into_iter().map(|(name, error)| UnusableView { name, problem: error.message });
        ProfilesView { profiles, unusable: unusable.collect() }
    }
}

impl ProfileView {
    pub(crate) fn new(profile: &Profile, active: bool, installed: Option<bool>) -> Self {
        let Profile { name, origin, command, interactive, opening, model, resume, stdin, .. } = profile.clone();
        let Profile { cost, tiers, instructions, install, .. } = profile.clone();
        let listed_by = builtin::find(&name).map_or("", |entry| entry.models);
        let sentence = cost.sentence.map(|(before, after)| format!("{before}…{after}"));
        ProfileView {
            active,
            from: match origin {
                Origin::BuiltIn => "built in",
                Origin::Changed => "built in, changed",
                Origin::Configured => "configured",
            },
            program: profile.command.program().map(|program| program.to_string_lossy().into_owned()),
            installed,
            install,
            command: command.into(),
            interactive: interactive.map(Into::into),
            opening,
            resume: resume.map(Into::into),
            model,
            models: ModelsView { strong: tiers.strong, standard: tiers.standard, fast: tiers.fast, listed_by },
            stdin: match stdin {
                Stdin::Nothing => "nothing",
                Stdin::Prompt => "prompt",
                Stdin::Open => "open",
            },
            tells: TellsView {
                session: cost.session,
                cost: sentence.filter(|_| cost.cost.is_empty()).unwrap_or(cost.cost),
                tokens: cost.tokens,
            },
            instructions,
            name,
        }
    }

    /// Whether the user can choose a model for it.
    fn takes_model(&self) -> bool {
        let says = |call: &CallView| match call {
            CallView::Words(words) => words.iter().any(|word| word.contains("{model}")),
            CallView::Script { script } => script.contains("{model}"),
        };
        !self.model.is_empty() || says(&self.command)
    }

    fn program_text(&self) -> String {
        self.program.as_deref().map_or_else(|| "a script".to_owned(), safe)
    }
}

impl From<Call> for CallView {
    fn from(call: Call) -> Self {
        match call {
            Call::Words(words) => CallView::Words(words),
            Call::Given(words) => {
                CallView::Words(words.iter().map(|word| word.to_string_lossy().into_owned()).collect())
            }
            Call::Script(script) => CallView::Script { script },
        }
    }
}

impl CallView {
    fn text(&self) -> String {
        match self {
            CallView::Words(words) => line(words),
            CallView::Script { script } => safe(script),
        }
    }
}

/// Words as a shell would take them, but for the braces of placeholders, which it would take as they are.
fn line(words: &[String]) -> String {
    let shown = |word: &String| if word.contains([' ', '"', '$']) { quoted(word) } else { bare(word) };
    safe(&words.iter().map(shown).collect::<Vec<_>>().join(" "))
}

fn bare(word: &str) -> String {
    if quoted(&word.replace(['{', '}'], "")).starts_with('\'') { quoted(word) } else { word.to_owned() }
}

fn yes(it_does: bool) -> String {
    (if it_does { "yes" } else { "-" }).to_owned()
}

impl View for ProfilesView {
    const KIND: &'static str = "profiles";

    fn text(&self, style: &Style) -> String {
        let row = |profile: &ProfileView| {
            let mark = if profile.active { "*" } else { "" };
            let installed = profile.installed.map_or("?", |installed| if installed { "yes" } else { "no" });
            let tells = &profile.tells;
            let stdin = if profile.stdin == "nothing" { "-" } else { profile.stdin };
            vec![
                mark.to_owned(),
                profile.name.clone(),
                profile.program_text(),
                profile.from.to_owned(),
                installed.to_owned(),
                yes(profile.takes_model()),
                yes(profile.resume.is_some()),
                stdin.to_owned(),
                yes(!tells.cost.is_empty()),
            ]
        };
        let columns = ["", "PROFILE", "PROGRAM", "FROM", "INSTALLED", "MODEL", "RESUME", "STDIN", "COST"];
        table(style, &columns.map(Column::Text), self.profiles.iter().map(row).collect())
    }
}

impl View for ProfileView {
    const KIND: &'static str = "profile";

    fn text(&self, style: &Style) -> String {
        let mut text = format!("{} ({})\n", style.bold(&self.name), self.from);
        let mut add = |name: &str, value: String| {
            if !value.is_empty() {
                text.push_str(&format!("  {name:<12} {value}\n"));
            }
        };
        let program = match self.installed {
            Some(true) => format!("{}, installed", self.program_text()),
            Some(false) if self.install.is_empty() => format!("{}, not installed", self.program_text()),
            Some(false) => format!("{}, not installed: {}", self.program_text(), safe(&self.install)),
            None => self.program_text(),
        };
        add("program", program);
        add("command", self.command.text());
        let opening = if self.opening.is_empty() { String::new() } else { format!(" [{}]", line(&self.opening)) };
        add("interactive", self.interactive.as_ref().map(|call| call.text() + &opening).unwrap_or_default());
        add("resume", self.resume.as_ref().map_or_else(|| "it cannot go on with a session".to_owned(), CallView::text));
        let model = if self.takes_model() { line(&self.model) } else { "none can be chosen".to_owned() };
        add("model", model);
        if self.takes_model() {
            add("models", self.models.text(&self.name));
        }
        let stdin = match self.stdin {
            "prompt" => "the prompt",
            "open" => "a pipe for `git agents send`",
            _ => "nothing",
        };
        add("stdin", stdin.to_owned());
        let tells = [("session", self.tells.session.clone()), ("cost", self.tells.cost.clone())];
        let tokens = ("tokens", self.tells.tokens.join(" + "));
        let told = tells.into_iter().chain([tokens]).filter(|(_, path)| !path.is_empty());
        let told: Vec<String> = told.map(|(name, path)| format!("{name} ({})", safe(&path))).collect();
        add("tells", if told.is_empty() { "nothing of itself".to_owned() } else { told.join(", ") });
        add("instructions", safe(&self.instructions));
        text
    }
}

impl ModelsView {
    fn text(&self, profile: &str) -> String {
        let tiers = [("strong", &self.strong), ("standard", &self.standard), ("fast", &self.fast)];
        let (named, nameless): (Vec<_>, Vec<_>) = tiers.into_iter().partition(|(_, name)| name.is_some());
        let mut all: Vec<String> = named
            .into_iter()
            .map(|(tier, name)| format!("{tier} = {}", safe(name.as_deref().unwrap_or_default())))
            .collect();
        if let Some((first, _)) = nameless.first() {
            let which = nameless.iter().map(|(tier, _)| *tier).collect::<Vec<_>>().join(", ");
            all.push(format!("{which}: the program's default; git agents config set profile.{profile}.{first} MODEL"));
        }
        if !self.listed_by.is_empty() {
            all.push(format!("all: {}", self.listed_by));
        }
        all.join("; ")
    }
}
