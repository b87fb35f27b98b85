//! Just enough XML: elements with text, written and read.

use axum::body::Body;
use http::{Response, StatusCode};

use super::error::AwsError;
use super::tree::respond;

/// The namespace of every Route 53 document.
pub(crate) const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

/// An element to be written.
#[derive(Debug, Clone)]
pub(crate) struct Element {
    name: &'static str,
    namespace: Option<&'static str>,
    inner: String,
}

impl Element {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, namespace: None, inner: String::new() }
    }

    /// The root element of a Route 53 answer.
    pub(crate) fn root(name: &'static str) -> Self {
        Self { namespace: Some(NAMESPACE), ..Self::new(name) }
    }

    pub(crate) fn namespace(self, namespace: Option<&'static str>) -> Self {
        Self { namespace, ..self }
    }

    pub(crate) fn child(mut self, child: Element) -> Self {
        self.inner.push_str(&child.write());
        self
    }

    pub(crate) fn children(self, children: impl IntoIterator<Item = Element>) -> Self {
        children.into_iter().fold(self, Element::child)
    }

    /// Adds an element that holds text.
    pub(crate) fn text(self, name: &'static str, text: impl ToString) -> Self {
        let inner = escape(&text.to_string());
        self.child(Element { name, namespace: None, inner })
    }

    /// Adds an element that holds text, when there is one.
    pub(crate) fn optional(self, name: &'static str, text: Option<impl ToString>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    fn write(&self) -> String {
        let namespace = self.namespace.map(|namespace| format!(" xmlns=\"{namespace}\"")).unwrap_or_default();
        let Self { name, inner, .. } = self;
        format!("<{name}{namespace}>{inner}</{name}>")
    }

    /// The answer with this element as its document.
    pub(crate) fn response(&self, status: StatusCode) -> Response<Body> {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.write());
        respond(status, "application/xml", text.into_bytes())
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A request document: its root's children, with their text or their own children.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Document(Vec<Item>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    name: String,
    text: String,
    children: Document,
}

impl Document {
    /// Reads a request body; an empty one is an empty document.
    pub(crate) fn read(body: &[u8]) -> Result<Self, AwsError> {
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let parsed = roxmltree::Document::parse(text).map_err(|_| malformed())?;
        Ok(Self::of(parsed.root_element()))
    }

    fn of(node: roxmltree::Node<'_, '_>) -> Self {
        let children = node.children().filter(roxmltree::Node::is_element);
        Self(
            children
                .map(|child| Item {
                    name: child.tag_name().name().to_owned(),
                    text: child.text().unwrap_or_default().to_owned(),
                    children: Self::of(child),
                })
                .collect(),
        )
    }

    /// The text of the first child of this name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|item| item.name == name).map(|item| item.text.as_str())
    }

    /// The children of the first child of this name; empty when there is none.
    pub(crate) fn inside(&self, name: &str) -> Document {
        self.0.iter().find(|item| item.name == name).map(|item| item.children.clone()).unwrap_or_default()
    }

    /// Whether there is a child of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|item| item.name == name)
    }

    /// The texts of all children.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|item| item.text.clone()).collect()
    }

    /// All children as documents.
    pub(crate) fn each(&self) -> impl Iterator<Item = &Document> {
        self.0.iter().map(|item| &item.children)
    }

    /// The text of a child as a number or flag; a text that is none is refused.
    pub(crate) fn parse<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, AwsError> {
        self.text(name)
            .map(str::parse)
            .transpose()
            .map_err(|_| AwsError::new(400, "InvalidInput", &format!("Invalid value for {name}")))
    }
}

fn malformed() -> AwsError {
    AwsError::new(400, "MalformedXML", "The request body is not well-formed XML.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped_on_the_way_out_and_back_on_the_way_in() {
        let written = Element::root("R").text("A", "x < y & z").write();
        assert_eq!(written, format!("<R xmlns=\"{NAMESPACE}\"><A>x &lt; y &amp; z</A></R>"));
        assert_eq!(Document::read(written.as_bytes()).expect("XML").text("A"), Some("x < y & z"));
    }

    #[test]
    fn the_namespace_and_order_of_a_request_do_not_matter() {
        let body = "<?xml version='1.0'?><r:U xmlns:r='x'><r:B>2</r:B><r:A><r:C>1</r:C></r:A></r:U>";
        let document = Document::read(body.as_bytes()).expect("XML");
        assert_eq!(document.inside("A").text("C"), Some("1"));
        assert_eq!(document.parse::<u32>("B").expect("number"), Some(2));
    }

    #[test]
    fn broken_xml_is_refused() {
        assert_eq!(Document::read(b"<a><b></a>").expect_err("broken").code, "MalformedXML");
    }
}
