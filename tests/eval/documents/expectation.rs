//! The expressions in which cases of the Universal Feed Parser say what they expect: a subset of Python.

use super::value::{Unmapped, Value};

/// An expression, read and ready to be evaluated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Literal(Value),
    /// A field of the parsed document, such as `entries[0].title`.
    Field(Vec<Step>),
    Map(Vec<(String, Expression)>),
    List(Vec<Expression>),
    Sum(Vec<Expression>),
    /// `len(…)` or `ord(…)`.
    Call(Function, Box<Expression>),
    Not(Box<Expression>),
    And(Vec<Expression>),
    Or(Vec<Expression>),
    /// `a == b == c`: every neighbouring pair must relate.
    Compare(Box<Expression>, Vec<(Relation, Expression)>),
}

/// One step of the way to a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    Index(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Function {
    Length,
    CodePoint,
    /// Whether a field has a value at all (`has_key`).
    Presence,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    Equal,
    Unequal,
    Is,
}

impl Expression {
    /// Whether the expression holds where `field` says what a field's value is. A field that has no
    /// counterpart makes the whole expression unmapped, also where the answer would not depend on it.
    pub(crate) fn holds(
        &self,
        field: &dyn Fn(&[Step]) -> Result<Value, Unmapped>,
    ) -> Result<bool, Unmapped> {
        self.value(field).map(|value| value.is_true())
    }

    fn value(&self, field: &dyn Fn(&[Step]) -> Result<Value, Unmapped>) -> Result<Value, Unmapped> {
        let all = |parts: &[Expression]| -> Result<Vec<Value>, Unmapped> {
            parts.iter().map(|part| part.value(field)).collect()
        };
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Field(path) => field(path)?,
            Self::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), value.value(field)?)))
                    .collect::<Result<_, Unmapped>>()?,
            ),
            Self::List(parts) => Value::List(all(parts)?),
            Self::Sum(parts) => Value::Text(all(parts)?.iter().map(Value::text).collect()),
            Self::Call(function, argument) => argument.value(field)?.called(*function),
            Self::Not(inner) => Value::Bool(!inner.value(field)?.is_true()),
            Self::And(parts) => Value::Bool(all(parts)?.iter().all(Value::is_true)),
            Self::Or(parts) => Value::Bool(all(parts)?.iter().any(Value::is_true)),
            Self::Compare(first, rest) => {
                let mut left = first.value(field)?;
                let mut holds = true;
                for (relation, right) in rest {
                    let right = right.value(field)?;
                    let equal = left.equals(&right)?;
                    holds &= match relation {
                        Relation::Equal | Relation::Is => equal,
                        Relation::Unequal => !equal,
                    };
                    left = right;
                }
                Value::Bool(holds)
            }
        })
    }
}
