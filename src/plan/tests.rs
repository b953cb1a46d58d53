use proptest::prelude::*;

use super::*;

fn markdown(text: &str) -> Plan {
    parse(text.as_bytes(), Format::Markdown).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn wrong(text: &str, format: Format) -> String {
    parse(text.as_bytes(), format).unwrap_err().to_string()
}

/// `id: title after [..]` a line.
fn outline(plan: &Plan) -> String {
    let line = |task: &Planned| {
        let after: Vec<&str> = task.after.iter().map(TaskId::as_str).collect();
        format!("{} {}: {} [{}]\n", task.line, task.id, task.title, after.join(" "))
    };
    plan.tasks.iter().map(line).collect()
}

const LIST: &str = "\
---
name: Parser
model: opus
labels: [a, b]
title: somebody else's key
---
# The plan

Some words.

- [x] t0: Begin
- [ ] t1: Grammar (2h, after: t0, paths: src/a src/**/*.rs)
  What it is about.

  - [ ] not a task
  - more

      code
- [ ] **t2**: Write *it* (after: t1, agent: ann, model: haiku, priority: high, category: docs)
- [ ] Without an id (after: t1, t2)
- not a task

```
- [ ] t9: in a fence
```

> - [ ] t8: quoted

1. [ ] t5: Numbered (30min, after: Without an id,
   t1)
";

#[test]
fn a_task_list_is_a_plan() {
    let plan = markdown(LIST);
    assert_eq!(
        outline(&plan),
        "12 t1: Grammar []\n19 t2: Write *it* [t1]\n20 without-an-id: Without an id [t1 t2]\n\
         29 t5: Numbered [t1 without-an-id]\n"
    );
    assert_eq!((plan.name.as_deref(), plan.done.len()), (Some("parser"), 1));
    let [t1, t2, _, t5] = &plan.tasks[..] else { panic!() };
    assert_eq!(t1.body, "What it is about.\n\n- [ ] not a task\n- more\n\n    code");
    assert_eq!(t1.paths, ["src/a", "src/**/*.rs"]);
    assert_eq!((t1.model.as_deref(), t2.model.as_deref()), (Some("opus"), Some("haiku")));
    assert_eq!((t2.agent.as_ref().map(AgentName::as_str), t2.priority), (Some("ann"), Priority::High));
    assert_eq!((t5.hours.map(Hours::get), t5.body.as_str()), (Some(0.5), ""));
    assert_eq!(t1.labels, ["a", "b"]);
}

#[test]
fn headings_are_a_plan() {
    let plan = markdown(
        "# Plan v2\n\nIntro.\n\n## Goals\n\nprose\n\n## t1: Parser (2h)\n\nBody.\n\n### Details\n\n- [ ] it parses\n\n\
         ```\n## t7: in a fence\n```\n\n## [x] t0: Begun\n\nt2: Setext (after: t0, t1)\n---\n\nMore.\n\n# Another part\n\nprose\n",
    );
    assert_eq!(outline(&plan), "9 t1: Parser []\n23 t2: Setext [t1]\n");
    assert_eq!(plan.tasks[0].body, "Body.\n\n### Details\n\n- [ ] it parses\n\n```\n## t7: in a fence\n```");
    assert_eq!(plan.tasks[1].body, "More.");
    assert_eq!(plan.passed_over, [(5, "Goals".to_owned())]);
    // Nor is one with details left out without a word where the tasks are items.
    let items = markdown(
        "# Plan\n## Backend (2h)\n- [ ] sub: First\n- [ ] sub2: Second\n## Frontend (3h, after: sub)\nBuild it.\n",
    );
    assert_eq!(outline(&items), "3 sub: First []\n4 sub2: Second []\n");
    assert_eq!(items.passed_over, [(2, "Backend (2h)".to_owned()), (5, "Frontend (3h, after: sub)".to_owned())]);
    // Without ids every heading of the level is a task.
    assert_eq!(outline(&markdown("# Plan\n## One\n## Two\ntext\n")), "2 one: One []\n3 two: Two []\n");
    assert_eq!(outline(&markdown("## Only one\ntext\n")), "1 only-one: Only one []\n");
    // The tasks of phases are tasks, and the phases are not.
    let phases = "# Phase 1: x\n## 1. One\n## 2. Two (after: 1)\n# Phase 2: y\n## 3. Three (after: 1 and 2)\n";
    assert_eq!(outline(&markdown(phases)), "2 1: One []\n3 2: Two [1]\n5 3: Three [1 2]\n");
    let numbered = "# Task 1: One\n# Task 2: Two (after: 1)\n# Task 3: Three (after: Task 2)\n";
    assert_eq!(outline(&markdown(numbered)), "1 task-1: One []\n2 task-2: Two [task-1]\n3 task-3: Three [task-2]\n");
    let phases = "# Phase 1: x\n- [ ] t1: One\n- [ ] t2: Two\n";
    assert_eq!(outline(&markdown(phases)), "2 t1: One []\n3 t2: Two []\n");
}

#[test]
fn toml_and_json_are_plans() {
    let toml = "name = \"p\"\n[defaults]\nmodel = \"opus\"\n\n[[task]]\nid = 1\ntitle = \"One\"\nhours = 2\n\n[[task]]\n\
                title = \"Two\"\nafter = [1]\npaths = \"src\"\nbody = \"\"\"\nmany\nlines\"\"\"\nhours = \"90min\"\n\
                [[task]]\ntitle = \"Zero\"\ndone = true\n";
    let plan = parse(toml.as_bytes(), Format::Toml).unwrap();
    assert_eq!(outline(&plan), "5 1: One []\n10 two: Two [1]\n");
    assert_eq!((plan.tasks[1].body.as_str(), plan.tasks[1].hours.unwrap().get()), ("many\nlines", 1.5));
    let json = "{\"name\": \"p\", \"defaults\": {\"model\": \"opus\"}, \"tasks\": [\n {\"id\": 1, \"title\": \"One\", \
                \"hours\": 2},\n\n {\"title\": \"Two\", \"after\": [1], \"paths\": [\"src\"], \"hours\": 1.5, \"body\": \
                \"many\\r\\nlines\"},\n {\"title\": \"Zero\", \"done\": true}]}";
    let other = parse(json.as_bytes(), Format::Json).unwrap();
    assert_eq!(outline(&other), "2 1: One []\n4 two: Two [1]\n");
    let without_lines =
        |plan: Plan| Plan { tasks: plan.tasks.into_iter().map(|task| Planned { line: 0, ..task }).collect(), ..plan };
    assert_eq!(without_lines(plan), without_lines(other));
    let list = parse(b"[{\"title\": \"One\", \"after\": null}]", Format::Json).unwrap();
    assert_eq!(outline(&list), "1 one: One []\n");
}

#[test]
fn what_it_is_written_in_is_seen() {
    assert_eq!(Format::of_name("a/plan.MD"), Some(Format::Markdown));
    assert_eq!((Format::of_name("x.toml"), Format::of_name("x.json")), (Some(Format::Toml), Some(Format::Json)));
    assert_eq!((Format::of_name("plan"), Format::of_name("x.yaml")), (None, None));
    for (text, format) in [
        ("\u{feff}{\"tasks\": []}", Format::Json),
        (" [\n{}]", Format::Json),
        ("[]", Format::Json),
        ("# a comment\n[[task]]\n", Format::Toml),
        ("name = \"x\"", Format::Toml),
        ("# Plan\n- [ ] x", Format::Markdown),
        ("[a link](x)", Format::Markdown),
        ("", Format::Markdown),
    ] {
        assert_eq!(Format::of_text(text), format, "{text}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_line() {
    let cases = [
        ("no tasks\n", "there is no task in it"),
        ("- [x] all done\n- [ ] t1: (after: t0)\n", "line 2: the title cannot be used: it is empty"),
        ("- [ ] t1: a\n\n- [ ] t1: b\n", "line 3: the id t1 is that of line 1 already"),
        ("- [ ] Do it\n- [ ] Do it!\n", "line 2: its title makes the id do-it, which is that of line 1 already"),
        (
            "- [ ] t1: a (after: t2)\n- [ ] t2: b (after: t1)\n",
            "line 1: the tasks would wait for each other: t1 → t2 → t1",
        ),
        ("- [ ] t1: a (after: t1)\n", "line 1: the tasks would wait for each other: t1 → t1"),
        ("- [ ] a (after: what nobody wrote)\n", "line 1: it is after \"what nobody wrote\", which is no task"),
        ("- [ ] a (0h)\n", "line 1: hours must be a number above 0"),
        ("- [ ] a (agent: Ann Lee)\n", "line 1: \"Ann Lee\" cannot be an agent's name"),
        ("- [ ] a (agent: ../x)\n", "line 1: \"../x\" cannot be an agent's name"),
        ("- [ ] a (paths: ../x)\n", "line 1: the path \"../x\" must be relative"),
        ("- [ ] a (model: --help)\n", "line 1: \"--help\" cannot be the name of a model"),
        ("- [ ] a (priority: urgent)\n", "line 1: \"urgent\" is no priority"),
        ("---\npriority: urgent\n---\n- [ ] a\n", "line 2: \"urgent\" is no priority"),
        ("- [ ] a\n\n\u{1b}[2J\n", "line 3: it holds the control character '\\u{1b}'"),
        ("- [ ] a\0\n", "line 1: it holds the control character '\\0'"),
        ("- [ ] a\r- [ ] b\n", "line 1: it holds the control character '\\r'"),
    ];
    for (text, expected) in cases {
        let said = wrong(text, Format::Markdown);
        assert!(said.starts_with(expected), "{text:?}: {said}");
    }
    let long = format!("- [ ] {}\n", "x".repeat(501));
    assert!(wrong(&long, Format::Markdown).contains("it has 501 bytes, 500 are the most"));
    let said = parse(b"a\n- [ ] \xff\n", Format::Markdown).unwrap_err().to_string();
    assert_eq!(said, "line 2: it is not UTF-8 text");
    let said =
        parse("# a\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().as_slice(), Format::Markdown);
    assert_eq!(said.unwrap_err().to_string(), "line 1: it holds the control character '\\0'");
    assert!(wrong(&" ".repeat(LARGEST + 1), Format::Markdown).contains("are the most"));
    let many: String = (0..=MOST_TASKS).map(|n| format!("- [ ] t{n}: x\n")).collect();
    assert_eq!(wrong(&many, Format::Markdown), "it has more than 5000 tasks");
}

#[test]
fn what_is_wrong_in_toml_and_json_is_named_with_its_line() {
    let json = [
        ("{\"tasks\": [\n{\"title\": \"a\", \"aftr\": []}]}", "line 2: unknown field `aftr`"),
        ("[{\"title\": \"a\"},\n\n{\"title\":\n 1.5, \"hours\": [1, 2]}]", "line 4: one text or number is wanted"),
        ("[{\"id\": \"x\"}]", "line 1: missing field `title`"),
        ("[{\"title\": \"a\"}", "line 1: EOF while parsing"),
        ("{}", "line 1: missing field `tasks`"),
        ("[]", "there is no task in it"),
        ("[{\"title\": \"a\", \"hours\": -1}]", "line 1: hours must be"),
        ("[\n{\"title\": \"a\", \"id\": \"A B\"}]", "line 2: \"A B\" cannot be a task's id"),
        ("[{\"title\": \"a\", \"title\": \"b\"}]", "line 1: duplicate field `title`"),
    ];
    for (text, expected) in json {
        let said = wrong(text, Format::Json);
        assert!(said.starts_with(expected), "{text:?}: {said}");
    }
    let toml = [
        ("[[task]]\ntitle = \"a\"\naftr = 1\n", "line 3: unknown field `aftr`"),
        ("[[task]]\ntitle = a\n", "line 2: "),
        ("x = 1\n", "line 1: unknown field `x`"),
        (
            "[[task]]\ntitle = \"a\"\nid = \"t1\"\n[[task]]\ntitle = \"b\"\nid = \"t1\"\n",
            "line 4: the id t1 is that of line 1",
        ),
    ];
    for (text, expected) in toml {
        let said = wrong(text, Format::Toml);
        assert!(said.starts_with(expected), "{text:?}: {said}");
    }
    let deep = format!("[{{\"title\": {}\"a\"{}}}]", "[".repeat(10_000), "]".repeat(10_000));
    assert!(parse(deep.as_bytes(), Format::Json).is_err());
    let deep = format!("x = {}", "[".repeat(10_000));
    assert!(parse(deep.as_bytes(), Format::Toml).is_err());
}

#[test]
fn other_systems_write_the_same_plan() {
    let crlf = format!("\u{feff}{}", LIST.replace('\n', "\r\n"));
    assert_eq!(markdown(&crlf), markdown(LIST));
}

#[test]
fn what_a_task_waits_for_elsewhere_is_known() {
    let plan = markdown("- [x] t0: a\n- [ ] t1: b (after: t0, 16, other-task)\n");
    let outside: Vec<String> = plan.outside().map(|(line, id, after)| format!("{line} {id} {after}")).collect();
    assert_eq!(outside, ["2 t1 16", "2 t1 other-task"]);
}

#[test]
fn a_large_plan_is_read_in_no_time() {
    let deep: String = (0..1000).map(|n| format!("{}- x\n", "  ".repeat(n))).collect();
    let fences = "```\n".repeat(20_001);
    let text = format!("{}\n{deep}\n{}{fences}", "(".repeat(100_000), "> ".repeat(10_000));
    drop(parse(text.as_bytes(), Format::Markdown));
    let opened = "- [ ] a (\n".repeat(3000);
    drop(parse(opened.as_bytes(), Format::Markdown));
    let chain: String = (0..MOST_TASKS).map(|n| format!("- [ ] t{n}: x (after: t{})\n", n + 1)).collect();
    let chain = chain.replace(&format!(" (after: t{MOST_TASKS})"), "");
    assert_eq!(markdown(&chain).tasks.len(), MOST_TASKS);
}

/// The plan as a person would write it down.
fn print(plan: &Plan) -> String {
    let list = |words: Vec<&str>| words.join(" ");
    let one = |task: &Planned| {
        let mut details = Vec::new();
        details.extend(task.hours.map(|hours| format!("{}h", hours.get())));
        let mut say = |key: &str, value: String| details.extend((!value.is_empty()).then(|| format!("{key}: {value}")));
        say("after", task.after.iter().map(TaskId::as_str).collect::<Vec<_>>().join(", "));
        say("paths", list(task.paths.iter().map(String::as_str).collect()));
        say("labels", list(task.labels.iter().map(String::as_str).collect()));
        say("agent", task.agent.as_ref().map(ToString::to_string).unwrap_or_default());
        say("model", task.model.clone().unwrap_or_default());
        say("category", task.category.clone().unwrap_or_default());
        say("priority", task.priority.word().to_owned());
        let body: String = task.body.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect();
        format!("- [ ] {}: {} ({})\n\n{body}\n", task.id, task.title, details.join(", "))
    };
    plan.tasks.iter().map(one).collect()
}

fn planned() -> impl Strategy<Value = Planned> {
    let word = "[a-z][a-z0-9]{0,6}";
    (
        "[A-Z][a-z]{0,8}( [a-z]{1,8}){0,3}",
        prop::option::of("[a-z ]{1,20}(\n[a-z ]{0,20}){0,4}(\n- \\[ \\] [a-z]{1,5}){0,2}"),
        prop::option::of(1..100_u16),
        prop::collection::vec("src/[a-z]{1,5}(/\\*\\*)?", 0..3),
        prop::option::of(word),
        prop::option::of(word),
        prop::option::of(word),
        prop::collection::btree_set(word, 0..3),
        0..4_usize,
    )
        .prop_map(|(title, body, hours, paths, agent, model, category, labels, priority)| Planned {
            line: 0,
            id: id_of_title(&title),
            title,
            body: body
                .map(|body| {
                    let lines: Vec<&str> = body.lines().map(str::trim).collect();
                    lines.join("\n").trim().to_owned()
                })
                .unwrap_or_default(),
            hours: hours.map(|hours| Hours::try_from(f64::from(hours) / 4.0).unwrap()),
            after: Vec::new(),
            paths,
            agent: agent.map(|name| name.parse().unwrap()),
            category,
            priority: [Priority::Low, Priority::Medium, Priority::High, Priority::Critical][priority],
            labels: labels.into_iter().collect(),
            model,
            profile: None,
        })
}

fn plan() -> impl Strategy<Value = Plan> {
    let edges = prop::collection::vec(prop::collection::vec(0..100_usize, 0..3), 12);
    (prop::collection::vec(planned(), 1..12), edges).prop_map(|(mut tasks, edges)| {
        for (n, edges) in edges.iter().enumerate().take(tasks.len()) {
            tasks[n].id = format!("t{n}").parse().unwrap();
            let mut after: Vec<TaskId> =
                edges.iter().filter(|_| n > 0).map(|edge| format!("t{}", edge % n.max(1)).parse().unwrap()).collect();
            after.sort();
            after.dedup();
            tasks[n].after = after;
        }
        Plan { tasks, ..Plan::default() }
    })
}

proptest! {
    #![proptest_config(crate::state::fixture::cases(300))]

    /// What is written down is read as it was meant.
    #[test]
    fn a_printed_plan_is_the_plan(plan in plan()) {
        let text = print(&plan);
        let read = markdown(&text);
        let without_lines = |task: &Planned| Planned { line: 0, ..task.clone() };
        let read: Vec<Planned> = read.tasks.iter().map(without_lines).collect();
        prop_assert_eq!(&read, &plan.tasks, "{}", text);
    }

    /// Whatever it is given, it answers, and what it takes are tasks.
    #[test]
    fn anything_is_read_or_refused(
        text in "([-#>*] ?|\\[[ x]\\] |t[0-3]: |\\(|\\)|after: |2h|paths: |, |\n|\r\n|  |```|\\PC|---\n){0,40}",
    ) {
        for format in [Format::Markdown, Format::Toml, Format::Json] {
            if let Ok(plan) = parse(text.as_bytes(), format) {
                for task in &plan.tasks {
                    prop_assert_eq!(task.new_task("x").checked().is_ok(), true);
                    prop_assert!(task.line <= text.lines().count());
                }
                prop_assert!(!plan.tasks.is_empty() || !plan.done.is_empty());
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for format in [Format::Markdown, Format::Toml, Format::Json] {
            drop(parse(&bytes, format));
        }
    }
}
