//! A JSON object of the metadata, read field by field.

use serde_json::{Map, Value};

use super::fault::{Fault, clip};

/// Largest number in a section: above, an f64 does not hold every whole number.
pub const MAX_COUNTER: u64 = (1 << 53) - 1;

const NUMBER: &str = "a whole number of at most 2^53 - 1";

/// An object whose fields are taken one after another.
pub(super) struct Fields {
    /// Where it stands, such as `model.inputs[1]`.
    path: String,
    fields: Map<String, Value>,
}

impl Fields {
    /// The object that a section's text holds.
    pub(super) fn parse(section: &str, text: &str) -> Result<Self, Fault> {
        let value = serde_json::from_str(text)
            .map_err(|error| Fault::damaged(format!("`{section}` in its metadata is no JSON: {}", clip(&error.to_string()))))?;
        Self::of(section.to_owned(), value)
    }

    fn of(path: String, value: Value) -> Result<Self, Fault> {
        match value {
            Value::Object(fields) => Ok(Self { path, fields }),
            other => Err(wrong(&path, "an object", &other)),
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    pub(super) fn take(&mut self, name: &str) -> Result<Value, Fault> {
        self.fields.remove(name).ok_or_else(|| Fault::damaged(format!("its metadata lacks `{}`", clip(&self.path(name)))))
    }

    pub(super) fn number(&mut self, name: &str) -> Result<u64, Fault> {
        let value = self.take(name)?;
        number(&value).ok_or_else(|| wrong(&self.path(name), NUMBER, &value))
    }

    pub(super) fn size(&mut self, name: &str) -> Result<usize, Fault> {
        let value = self.take(name)?;
        size(&value).ok_or_else(|| wrong(&self.path(name), NUMBER, &value))
    }

    pub(super) fn sizes(&mut self, name: &str) -> Result<Vec<usize>, Fault> {
        self.each(name, NUMBER, size)
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, Fault> {
        match self.take(name)? {
            Value::String(text) => Ok(text),
            other => Err(wrong(&self.path(name), "a text", &other)),
        }
    }

    /// True or false; `absent` where nothing is said.
    pub(super) fn flag_or(&mut self, name: &str, absent: bool) -> Result<bool, Fault> {
        match self.fields.remove(name) {
            None => Ok(absent),
            Some(Value::Bool(flag)) => Ok(flag),
            Some(other) => Err(wrong(&self.path(name), "true or false", &other)),
        }
    }

    pub(super) fn object(&mut self, name: &str) -> Result<Self, Fault> {
        Self::of(self.path(name), self.take(name)?)
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Fault> {
        let value = self.take(name)?;
        value.as_bool().ok_or_else(|| wrong(&self.path(name), "true or false", &value))
    }

    /// An object, where there is one.
    pub(super) fn object_or_absent(&mut self, name: &str) -> Result<Option<Self>, Fault> {
        if self.fields.contains_key(name) { self.object(name).map(Some) } else { Ok(None) }
    }

    /// An object, or `null`.
    pub(super) fn optional_object(&mut self, name: &str) -> Result<Option<Self>, Fault> {
        if self.fields.get(name).is_some_and(Value::is_null) {
            return self.take(name).map(|_| None);
        }
        self.object(name).map(Some)
    }

    pub(super) fn float(&mut self, name: &str) -> Result<f64, Fault> {
        let value = self.take(name)?;
        value.as_f64().ok_or_else(|| wrong(&self.path(name), "a number", &value))
    }

    pub(super) fn floats(&mut self, name: &str) -> Result<Vec<f64>, Fault> {
        self.each(name, "a number", Value::as_f64)
    }

    pub(super) fn objects(&mut self, name: &str) -> Result<Vec<Self>, Fault> {
        let path = self.path(name);
        let object = |(index, value)| Self::of(format!("{path}[{index}]"), value);
        self.list(name)?.into_iter().enumerate().map(object).collect()
    }

    /// One entry an action, or `null`.
    pub(super) fn mask(&mut self, name: &str) -> Result<Option<Vec<bool>>, Fault> {
        if self.fields.get(name).is_some_and(Value::is_null) {
            return self.take(name).map(|_| None);
        }
        self.each(name, "true or false", Value::as_bool).map(Some)
    }

    fn list(&mut self, name: &str) -> Result<Vec<Value>, Fault> {
        match self.take(name)? {
            Value::Array(values) => Ok(values),
            other => Err(wrong(&self.path(name), "a list", &other)),
        }
    }

    fn each<T>(&mut self, name: &str, rule: &str, entry: impl Fn(&Value) -> Option<T>) -> Result<Vec<T>, Fault> {
        let values = self.list(name)?;
        let entry = |(index, value)| entry(value).ok_or_else(|| wrong(&format!("{}[{index}]", self.path(name)), rule, value));
        values.iter().enumerate().map(entry).collect()
    }

    /// The refusal of a choice that this release does not know.
    pub(super) fn unknown(&self, name: &str, choice: &str) -> Fault {
        Fault::newer(&format!("`{}` in its metadata is `{}`, which this release does not know", self.path(name), clip(choice)))
    }

    /// Refuses fields that were not taken: what they mean would be lost.
    pub(super) fn end(self) -> Result<(), Fault> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(name) => {
                Err(Fault::newer(&format!("`{}` in its metadata is not known to this release", clip(&self.path(name)))))
            }
        }
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().filter(|&number| number <= MAX_COUNTER)
}

fn size(value: &Value) -> Option<usize> {
    number(value).and_then(|number| usize::try_from(number).ok())
}

fn wrong(path: &str, rule: &str, value: &Value) -> Fault {
    Fault::damaged(format!("`{path}` in its metadata must be {rule}, got {}", clip(&value.to_string())))
}
