//! From pages to the file's bytes.

use pdf_writer::{Filter, Finish as _, Name, Pdf, Rect, Ref, TextStr, types::TabOrder};

use crate::{
    PaperError,
    flow::Laid,
    page::{HEIGHT, WIDTH},
    text::plain,
};

/// Fast enough for thousands of pages, small enough for a mail.
const EFFORT: u8 = 6;

pub(crate) fn squeezed(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, EFFORT)
}

pub(crate) fn pdf(
    laid: Laid,
    title: &str,
    language: &str,
    keywords: Option<&str>,
) -> Result<Vec<u8>, PaperError> {
    let mut pdf = Pdf::new();
    let mut next = Ref::new(1);
    let (catalog, tree, structure, info) = (next.bump(), next.bump(), next.bump(), next.bump());
    let faces: Vec<Ref> = laid.faces.iter().map(|_| next.bump()).collect();
    let pages: Vec<Ref> = laid.pages.iter().map(|_| next.bump()).collect();

    let mut root = pdf.catalog(catalog);
    root.pages(tree);
    root.lang(TextStr(&plain(language)));
    root.mark_info().marked(true);
    root.viewer_preferences().display_doc_title(true);
    root.pair(Name(b"StructTreeRoot"), structure);
    root.finish();

    let mut written = pdf.document_info(info);
    written.title(TextStr(&plain(title)));
    written.producer(TextStr("Carnet"));
    if let Some(keywords) = keywords {
        written.keywords(TextStr(keywords));
    }
    written.finish();

    let count = i32::try_from(pages.len()).map_err(|_| PaperError::TooMuch)?;
    pdf.pages(tree).kids(pages.iter().copied()).count(count);
    for (number, (page, id)) in laid.pages.into_iter().zip(&pages).enumerate() {
        let content = next.bump();
        let mut sheet = pdf.page(*id);
        sheet
            .parent(tree)
            .media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT))
            .contents(content)
            .struct_parents(number as i32)
            .tab_order(TabOrder::StructureOrder);
        let mut resources = sheet.resources();
        let mut fonts = resources.fonts();
        for (face, id) in laid.faces.iter().zip(&faces) {
            if face.is_used() {
                fonts.pair(face.cut().name(), *id);
            }
        }
        fonts.finish();
        resources.finish();
        sheet.finish();
        pdf.stream(content, &squeezed(&page.finish()))
            .filter(Filter::FlateDecode);
    }
    for (face, id) in laid.faces.iter().zip(&faces) {
        if face.is_used() {
            face.embed(&mut pdf, *id, &mut next)?;
        }
    }
    laid.structure.write(&mut pdf, structure, &pages, &mut next);
    Ok(pdf.finish())
}
