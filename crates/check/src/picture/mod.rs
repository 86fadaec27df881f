//! What pictures of histories are made of: text that is put together and escaped, labels that do
//! not cover each other, and one style, light and dark. The judge's reports and the lab's share it.

pub mod inspect;
mod label;
mod page;
mod style;

pub use label::{Area, Labels, SIZE, Side, Text, around, fitted, width, wrapped};
pub use page::{Page, escaped};
pub use style::STYLE;

#[cfg(test)]
pub(crate) use page::planted;
