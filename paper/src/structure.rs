//! What each mark on the pages is (ISO 32000-1, 14.7): the tree that a screen reader walks.

use pdf_writer::{Finish as _, Pdf, Ref, types::StructRole};

/// Number of an element of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Node(usize);

#[derive(Clone, Copy)]
enum Kid {
    Element(Node),
    /// Page and number of the mark on it.
    Mark(usize, i32),
}

struct Element {
    role: StructRole,
    parent: Option<Node>,
    says: Option<String>,
    kids: Vec<Kid>,
}

/// The tree, and which element each mark of each page belongs to.
pub(crate) struct Structure {
    elements: Vec<Element>,
    marks: Vec<Vec<Node>>,
}

impl Structure {
    pub(crate) const ROOT: Node = Node(0);

    pub(crate) fn new() -> Self {
        Self {
            elements: vec![Element {
                role: StructRole::Document,
                parent: None,
                says: None,
                kids: Vec::new(),
            }],
            marks: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, parent: Node, role: StructRole) -> Node {
        let node = Node(self.elements.len());
        self.elements.push(Element {
            role,
            parent: Some(parent),
            says: None,
            kids: Vec::new(),
        });
        self.elements[parent.0].kids.push(Kid::Element(node));
        node
    }

    /// What stands for this element where it can't be seen.
    pub(crate) fn says(&mut self, node: Node, text: &str) {
        self.elements[node.0].says = Some(text.to_owned());
    }

    /// The next mark on this page belongs to this element: its number.
    pub(crate) fn mark(&mut self, node: Node, page: usize) -> i32 {
        if self.marks.len() <= page {
            self.marks.resize_with(page + 1, Vec::new);
        }
        let number = self.marks[page].len() as i32;
        self.marks[page].push(node);
        self.elements[node.0].kids.push(Kid::Mark(page, number));
        number
    }

    /// Writes the tree; returns the id of its root, for the catalog.
    pub(crate) fn write(&self, pdf: &mut Pdf, root: Ref, pages: &[Ref], next: &mut Ref) {
        let ids: Vec<Ref> = self.elements.iter().map(|_| next.bump()).collect();
        let of_page: Vec<Ref> = self.marks.iter().map(|_| next.bump()).collect();
        for (element, id) in self.elements.iter().zip(&ids) {
            let mut written = pdf.struct_element(*id);
            written.kind(element.role);
            written.parent(element.parent.map_or(root, |parent| ids[parent.0]));
            if let Some(says) = &element.says {
                written.alt(pdf_writer::TextStr(says));
            }
            let mut kids = written.children();
            for kid in &element.kids {
                match kid {
                    Kid::Element(node) => {
                        kids.struct_element(ids[node.0]);
                    }
                    Kid::Mark(page, number) => {
                        kids.marked_content_ref()
                            .page(pages[*page])
                            .marked_content_id(*number);
                    }
                }
            }
            kids.finish();
            written.finish();
        }
        for (marks, id) in self.marks.iter().zip(&of_page) {
            pdf.indirect(*id)
                .array()
                .items(marks.iter().map(|node| ids[node.0]));
        }
        let mut tree = pdf
            .indirect(root)
            .start::<pdf_writer::writers::StructTreeRoot<'_>>();
        tree.child(ids[0]);
        let mut parents = tree.parent_tree();
        let mut numbers = parents.nums();
        for (page, id) in of_page.iter().enumerate() {
            numbers.insert(page as i32, *id);
        }
        numbers.finish();
        parents.finish();
        tree.parent_tree_next_key(of_page.len() as i32);
    }
}
