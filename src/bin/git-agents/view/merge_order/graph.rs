//! Conflicts and precedence as a graph, in plain text and for Graphviz.

use git_agents::branch::order::{Plan, Position};
use serde::Serialize;

use super::explain::names;
use super::{texts, word};
use crate::render::style::{counted, safe};

/// Branches and what is between them.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct GraphView {
    pub(crate) nodes: Vec<NodeView>,
    pub(crate) edges: Vec<EdgeView>,
}

/// A branch with its place in the order.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NodeView {
    pub(crate) name: String,
    pub(crate) position: usize,
    pub(crate) outcome: &'static str,
}

/// `kind` is `conflict` (either way), `before` (a dependency or a stack) or `order` (the other way round does not
/// merge). `from` always lands first.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EdgeView {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) paths: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) regions: Option<usize>,
}

impl GraphView {
    /// Of what is shown, in order.
    pub(super) fn new(shown: &[&Position], plan: &Plan) -> Self {
        let node = |(index, position): (usize, &&Position)| NodeView {
            name: position.name.clone(),
            position: index + 1,
            outcome: word(position.outcome),
        };
        let mut edges = Vec::new();
        for (place, position) in shown.iter().enumerate() {
            let is_earlier = |name: &&String| shown[..place].iter().any(|other| other.name == **name);
            let edge = |from: &String, kind| EdgeView {
                from: from.clone(),
                to: position.name.clone(),
                kind,
                paths: Vec::new(),
                regions: None,
            };
            edges.extend(position.after.iter().filter(is_earlier).map(|from| edge(from, "before")));
            let waits = plan.waits.iter().filter(|(_, then)| *then == position.name).map(|(from, _)| from);
            edges.extend(waits.filter(is_earlier).map(|from| edge(from, "order")));
            for clash in position.clashes.iter().filter(|clash| is_earlier(&&clash.with)) {
                let paths = texts(&clash.paths);
                edges.push(EdgeView { paths, regions: Some(clash.regions), ..edge(&clash.with, "conflict") });
            }
        }
        GraphView { nodes: shown.iter().enumerate().map(node).collect(), edges }
    }

    /// Every branch with its edges below it.
    pub(super) fn ascii(&self) -> String {
        let mut text = "\ngraph (x conflicts, < lands after, > lands before):\n".to_owned();
        for node in &self.nodes {
            let lines: Vec<String> = self.edges.iter().filter_map(|edge| edge.seen_from(&node.name)).collect();
            text.push_str(&format!("{:>3}. {} ({})\n", node.position, safe(&node.name), node.outcome));
            for (number, line) in (1..).zip(&lines) {
                let branch = if number == lines.len() { "`-" } else { "|-" };
                text.push_str(&format!("     {branch} {line}\n"));
            }
        }
        text
    }

    /// For Graphviz.
    pub(super) fn dot(&self) -> String {
        let mut text = "digraph \"merge order\" {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for node in &self.nodes {
            let label = format!("{}. {}", node.position, node.name);
            let color = match node.outcome {
                "clean" => "darkgreen",
                "empty" => "gray",
                _ => "red",
            };
            let (name, label) = (quoted(&node.name), quoted(&label));
            text.push_str(&format!("  {name} [label={label}, tooltip={}, color={color}];\n", quoted(node.outcome)));
        }
        for edge in &self.edges {
            let style = match edge.kind {
                "conflict" => format!("dir=none, color=red, label={}", quoted(&edge.what())),
                "order" => "style=dashed".to_owned(),
                _ => "style=solid".to_owned(),
            };
            text.push_str(&format!("  {} -> {} [{style}];\n", quoted(&edge.from), quoted(&edge.to)));
        }
        text.push_str("}\n");
        text
    }
}

impl EdgeView {
    /// Where a conflict is.
    fn what(&self) -> String {
        format!("{} ({})", names(&self.paths), counted(self.regions.unwrap_or_default(), "region"))
    }

    /// The other end as a line below this one; none for an edge of others.
    fn seen_from(&self, name: &str) -> Option<String> {
        let (other, arrow) = match (self.from == name, self.to == name) {
            (true, _) => (safe(&self.to), ">"),
            (_, true) => (safe(&self.from), "<"),
            _ => return None,
        };
        Some(match self.kind {
            "conflict" => format!("x {other}: {}", self.what()),
            _ => format!("{arrow} {other}"),
        })
    }
}

/// A string of the DOT language: only quotes and backslashes mean something in it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", safe(text).replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(quoted(r#"a"b\c"#), r#""a\"b\\c""#);
        assert_eq!(quoted("new\nline"), "\"new\u{fffd}line\"");
    }
}
