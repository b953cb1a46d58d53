//! Presets, and what one chose.

use git_agents::preset::{Choice, Complexity, Preset, Tier};
use git_agents::profile::Profile;
use git_agents::task::TaskId;
use serde::Serialize;

use crate::render::style::{Style, safe};
use crate::render::table::{Column, table};
use crate::ui::View;
use crate::view::profiles::UnusableView;

/// `presets`.
#[derive(Debug, Serialize)]
pub(crate) struct PresetsView {
    pub(crate) presets: Vec<PresetView>,
    /// Those that cannot be used.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unusable: Vec<UnusableView>,
}

/// `presets NAME`.
#[derive(Debug, Serialize)]
pub(crate) struct PresetView {
    pub(crate) name: String,
    /// It is the one that is configured.
    pub(crate) active: bool,
    pub(crate) built_in: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) purpose: &'static str,
    /// Whose names for the models are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    pub(crate) entries: Vec<EntryView>,
}

/// What it says for one kind of work.
#[derive(Debug, Serialize)]
pub(crate) struct EntryView {
    pub(crate) category: String,
    pub(crate) simple: ModelView,
    pub(crate) complex: ModelView,
}

/// A tier or a model.
#[derive(Debug, Serialize)]
pub(crate) struct ModelView {
    pub(crate) says: String,
    /// What the profile's program calls it; absent without a profile, `null` where it has no name for it and runs with
    /// its own default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<Option<String>>,
}

/// `presets --task`.
#[derive(Debug, Serialize)]
pub(crate) struct ChoiceView {
    pub(crate) task: String,
    pub(crate) profile: String,
    pub(crate) preset: String,
    pub(crate) category: String,
    pub(crate) category_reason: String,
    pub(crate) complexity: &'static str,
    pub(crate) complexity_reason: String,
    pub(crate) says: String,
    /// `null`: the program's own default.
    pub(crate) model: Option<String>,
    pub(crate) reason: String,
}

impl PresetsView {
    pub(crate) fn new(
        presets: &[Preset],
        unusable: Vec<(String, String)>,
        active: &str,
        profile: Option<&Profile>,
    ) -> Self {
        PresetsView {
            presets: presets.iter().map(|preset| PresetView::new(preset, active, profile)).collect(),
            unusable: unusable.into_iter().map(|(name, problem)| UnusableView { name, problem }).collect(),
        }
    }
}

impl PresetView {
    pub(crate) fn new(preset: &Preset, active: &str, profile: Option<&Profile>) -> Self {
        let model = |says: &str| {
            let model = match Tier::of(says, None) {
                Some(tier) => profile.map(|profile| tier.name_in(profile).map(str::to_owned)),
                None => Some(Some(says.to_owned())),
            };
            ModelView { says: says.to_owned(), model }
        };
        let entry = |(category, entry): (&String, &git_agents::preset::Entry)| EntryView {
            category: category.clone(),
            simple: model(entry.of(Complexity::Simple)),
            complex: model(entry.of(Complexity::Complex)),
        };
        PresetView {
            name: preset.name.clone(),
            active: preset.name == active,
            built_in: preset.is_built_in,
            purpose: preset.purpose,
            profile: profile.map(|profile| profile.name.clone()),
            entries: preset.entries.iter().map(entry).collect(),
        }
    }
}

impl ModelView {
    fn text(&self) -> String {
        match &self.model {
            Some(Some(model)) if *model != self.says => format!("{} ({})", self.says, safe(model)),
            Some(None) => format!("{} (the program's default)", self.says),
            _ => safe(&self.says),
        }
    }
}

impl ChoiceView {
    pub(crate) fn new(task: &TaskId, profile: &str, choice: &Choice) -> Self {
        let class = choice.class.clone();
        ChoiceView {
            task: task.to_string(),
            profile: profile.to_owned(),
            preset: choice.preset.clone(),
            category: class.category,
            category_reason: class.category_reason,
            complexity: class.complexity.word(),
            complexity_reason: class.complexity_reason,
            says: choice.said.clone(),
            model: choice.model.clone(),
            reason: choice.reason.clone(),
        }
    }
}

impl View for PresetsView {
    const KIND: &'static str = "presets";

    fn text(&self, style: &Style) -> String {
        let row = |preset: &PresetView| {
            let mark = if preset.active { "*" } else { "" };
            let purpose = if preset.purpose.is_empty() { "one of your own" } else { preset.purpose };
            vec![mark.to_owned(), preset.name.clone(), purpose.to_owned()]
        };
        let columns = ["", "PRESET", "WHAT IT SAYS"].map(Column::Text);
        table(style, &columns, self.presets.iter().map(row).collect())
    }
}

impl View for PresetView {
    const KIND: &'static str = "preset";

    fn text(&self, style: &Style) -> String {
        let row = |entry: &EntryView| vec![entry.category.clone(), entry.simple.text(), entry.complex.text()];
        let columns = ["CATEGORY", "SIMPLE", "COMPLEX"].map(Column::Text);
        table(style, &columns, self.entries.iter().map(row).collect())
    }
}

impl View for ChoiceView {
    const KIND: &'static str = "model-choice";

    fn text(&self, style: &Style) -> String {
        let model = self.model.as_deref().map_or_else(|| format!("the default of {}", self.profile), safe);
        format!("{} {}\n", style.bold(&model), safe(&format!("for {}: {}", self.task, self.reason)))
    }
}
