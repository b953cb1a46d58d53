//! Settings, and where each comes from.

use git_agents::config::keys::{self, Shared};
use git_agents::config::{Setting, Source};
use serde::Serialize;

use crate::render::style::{Style, safe};
use crate::render::table::{Column, table};
use crate::ui::View;

/// `config list`.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigView {
    pub(crate) settings: Vec<SettingView>,
}

/// `config get` and `config set`.
#[derive(Debug, Serialize)]
pub(crate) struct SettingView {
    pub(crate) key: String,
    /// Empty where nothing holds.
    pub(crate) values: Vec<String>,
    pub(crate) source: &'static str,
    /// Whether its value is run.
    pub(crate) runs: bool,
}

impl ConfigView {
    pub(crate) fn new(settings: &[Setting]) -> Self {
        ConfigView { settings: settings.iter().map(|setting| SettingView::of(&setting.name, Some(setting))).collect() }
    }
}

impl SettingView {
    pub(crate) fn of(name: &str, setting: Option<&Setting>) -> Self {
        SettingView {
            key: name.to_owned(),
            values: setting.map(|setting| setting.values.clone()).unwrap_or_default(),
            source: setting.map_or(Source::Default, |setting| setting.source).word(),
            runs: keys::find(name).is_some_and(|(key, _)| key.shared == Shared::Trusted),
        }
    }
}

impl View for ConfigView {
    const KIND: &'static str = "config";

    fn text(&self, style: &Style) -> String {
        let row = |one: &SettingView| {
            let values = one.values.iter().map(|value| safe(value)).collect::<Vec<_>>().join("; ");
            vec![one.key.clone(), values, one.source.to_owned()]
        };
        let columns = ["SETTING", "VALUE", "FROM"].map(Column::Text);
        table(style, &columns, self.settings.iter().map(row).collect())
    }
}

impl View for SettingView {
    const KIND: &'static str = "setting";

    fn text(&self, _: &Style) -> String {
        self.values.iter().map(|value| format!("{}\n", safe(value))).collect()
    }
}
