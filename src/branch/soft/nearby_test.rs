use proptest::prelude::*;

use super::*;

fn found(base: &[u8], a: &[u8], b: &[u8], near: u32) -> Vec<Near> {
    let lines: Vec<&[u8]> = byte_lines(base).collect();
    nearby(&functions(&lines), [&edits(base, a), &edits(base, b)], near)
}

/// `name a-lines b-lines apart`
fn told(base: &str, a: &str, b: &str, near: u32) -> Vec<String> {
    let one = |near: &Near| {
        let lines = |lines: Lines| format!("{}+{}", lines.start, lines.lines);
        format!("{} {} {} {}", near.function.as_deref().unwrap_or("-"), lines(near.a), lines(near.b), near.apart)
    };
    found(base.as_bytes(), a.as_bytes(), b.as_bytes(), near).iter().map(one).collect()
}

fn names(text: &str) -> Vec<String> {
    let lines: Vec<&[u8]> = byte_lines(text.as_bytes()).collect();
    functions(&lines).iter().map(|one| format!("{} {}-{}", one.name, one.lines.start + 1, one.lines.end)).collect()
}

#[test]
fn functions_of_several_languages() {
    let rust = "use x;\n\nimpl A {\n    pub(crate) fn one(&self) -> u8 {\n        1\n    }\n\n    fn two<T>(\n        a: T,\n    ) \
        where\n        T: X,\n    {\n        2\n    }\n}\n\nfn three() {\n}\nstruct S;\n";
    assert_eq!(names(rust), ["pub(crate) fn one(&self) -> u8 4-6", "fn two<T>( 8-14", "fn three() 17-18"]);
    let python = "import x\n\nclass A:\n    x = 1\n\n    def f(self):\n        return 1\n\n# note\ndef g():\n    pass\n\nx = 2\n";
    assert_eq!(names(python), ["class A 3-7", "def f(self) 6-7", "def g() 10-11"]);
    let c = "int\nmain(void)\n{\n#ifdef X\n\treturn 0;\n#endif\n}\n\nint x;\n";
    assert_eq!(names(c), ["main(void) 2-7"]);
    let ruby = "class A\n  def f\n    1\n  end\nend\n";
    assert_eq!(names(ruby), ["class A 1-5", "def f 2-4"]);
    assert_eq!(names("use a::{\n    b,\n};\nstruct S {\n    x: u8,\n}\n"), ["struct S 4-6"]);
    assert_eq!(names("jobs:\n  build:\n    - x\n"), [""; 0]);
    assert_eq!(names("Some prose.\nMore of it\n\n- a list\n"), [""; 0]);
}

#[test]
fn one_function_however_long() {
    let body = |changes: &[(usize, &str)]| {
        let mut lines: Vec<String> = (1..=40).map(|number| format!("    {number};\n")).collect();
        changes.iter().for_each(|(at, text)| lines[at - 1] = format!("    {text}\n"));
        format!("fn f() {{\n{}}}\n\nfn g() {{\n    1\n}}\n", lines.concat())
    };
    assert_eq!(told(&body(&[]), &body(&[(2, "a")]), &body(&[(38, "b\n    c")]), 10), ["fn f() 3+1 39+2 35"]);
    assert_eq!(told(&body(&[]), &body(&[(2, "a")]), &body(&[(2, "a")]), 10), [""; 0]);
    let with_h = body(&[]) + "fn h() {\n    1\n}\n";
    assert_eq!(told(&body(&[]), &body(&[(2, "a")]), &with_h, 10), [""; 0]);
}

#[test]
fn lines_near_to_each_other() {
    let text = |at: &[usize]| (1..=40).map(|n| if at.contains(&n) { "x\n".into() } else { format!("{n}\n") }).collect();
    let (base, a): (String, String) = (text(&[]), text(&[5]));
    assert_eq!(told(&base, &a, &text(&[15]), 9), ["- 5+1 15+1 9"]);
    assert_eq!(told(&base, &a, &text(&[15]), 8), [""; 0]);
    assert_eq!(told(&base, &text(&[5, 30]), &text(&[3, 7, 33]), 10), ["- 5+1 3+5 1", "- 30+1 33+1 2"]);
}

proptest! {
    #[test]
    fn any_bytes_will_do(
        parts in proptest::collection::vec("(fn a\\(\\) \\{|def f:|\\}|  |\t|x|end|#|\n|\r\n|\u{e4}){0,30}", 3),
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        near in prop_oneof![0u32..20, Just(u32::MAX)],
    ) {
        found(parts[0].as_bytes(), parts[1].as_bytes(), parts[2].as_bytes(), near);
        found(&bytes, parts[1].as_bytes(), parts[2].as_bytes(), near);
        for one in found(parts[0].as_bytes(), parts[1].as_bytes(), &bytes, near) {
            prop_assert!(one.a.start > 0 && one.b.start > 0);
        }
    }
}
