//! Python's notation of an expectation, read.

use super::expectation::{Expression, Function, Relation, Step};
use super::value::Value;

/// The expression that `source` notates; the error says what of it is beyond the subset.
pub(crate) fn read(source: &str) -> Result<Expression, String> {
    let mut reader = Reader {
        tokens: tokens(source)?,
        at: 0,
    };
    let expression = reader.or()?;
    match reader.next() {
        None => Ok(expression),
        Some(token) => Err(format!("{token:?}")),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Number(i64),
    Word(String),
    Sign(&'static str),
}

const SIGNS: [&str; 14] = [
    "==", "!=", "(", ")", "[", "]", "{", "}", ",", ":", ".", "+", "-", "=",
];

fn tokens(source: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        if first == '\'' || first == '"' {
            let (text, after) = string(rest)?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if first.is_ascii_digit() || first.is_alphabetic() || first == '_' {
            let end = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_'))
                .unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            tokens.push(match word.parse() {
                Ok(number) => Token::Number(number),
                Err(_) => Token::Word(word.to_owned()),
            });
            rest = after;
        } else {
            let sign = SIGNS
                .into_iter()
                .find(|sign| rest.starts_with(sign))
                .ok_or_else(|| format!("`{first}`"))?;
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// The string literal that `source` begins with, and what follows it.
fn string(source: &str) -> Result<(String, &str), String> {
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| source.starts_with(quote))
        .ok_or("no string")?;
    let mut rest = &source[quote.len()..];
    let mut text = String::new();
    while !rest.starts_with(quote) {
        let mut characters = rest.chars();
        let c = characters.next().ok_or("a string that does not end")?;
        rest = characters.as_str();
        if c != '\\' {
            text.push(c);
            continue;
        }
        let escaped = characters.next().ok_or("a string that does not end")?;
        rest = characters.as_str();
        let digits = match escaped {
            'n' => {
                text.push('\n');
                continue;
            }
            'r' => {
                text.push('\r');
                continue;
            }
            't' => {
                text.push('\t');
                continue;
            }
            'x' => 2,
            'u' => 4,
            other => {
                text.push(other);
                continue;
            }
        };
        let code = rest.get(..digits).ok_or("an escape that does not end")?;
        let code = u32::from_str_radix(code, 16).map_err(|error| error.to_string())?;
        text.push(char::from_u32(code).ok_or("an escape that names no character")?);
        rest = &rest[digits..];
    }
    Ok((text, &rest[quote.len()..]))
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

impl Reader {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, token: &Token) -> bool {
        let met = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(met);
        met
    }

    fn sign(&mut self, sign: &'static str) -> bool {
        self.takes(&Token::Sign(sign))
    }

    fn word(&mut self, word: &str) -> bool {
        self.takes(&Token::Word(word.to_owned()))
    }

    fn expect(&mut self, sign: &'static str) -> Result<(), String> {
        if self.sign(sign) {
            return Ok(());
        }
        Err(format!("no `{sign}` before {:?}", self.tokens.get(self.at)))
    }

    fn or(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.and()?];
        while self.word("or") {
            parts.push(self.and()?);
        }
        Ok(one_or(parts, Expression::Or))
    }

    fn and(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.not()?];
        while self.word("and") {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Expression::And))
    }

    fn not(&mut self) -> Result<Expression, String> {
        if self.word("not") {
            return Ok(Expression::Not(Box::new(self.not()?)));
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expression, String> {
        let first = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let relation = if self.sign("==") {
                Relation::Equal
            } else if self.sign("!=") {
                Relation::Unequal
            } else if self.word("is") {
                Relation::Is
            } else {
                break;
            };
            rest.push((relation, self.sum()?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Expression::Compare(Box::new(first), rest))
    }

    fn sum(&mut self) -> Result<Expression, String> {
        let mut parts = vec![self.atom()?];
        while self.sign("+") {
            parts.push(self.atom()?);
        }
        Ok(one_or(parts, Expression::Sum))
    }

    fn atom(&mut self) -> Result<Expression, String> {
        let token = self.next().ok_or("the expression ends too early")?;
        match token {
            Token::Text(text) => Ok(Expression::Literal(Value::Text(text))),
            Token::Number(number) => Ok(Expression::Literal(Value::Number(number))),
            Token::Sign("(") => {
                let parts = self.list(")")?;
                Ok(one_or(parts, Expression::List))
            }
            Token::Sign("[") => Ok(Expression::List(self.list("]")?)),
            Token::Sign("{") => self.map(),
            Token::Word(word) => match word.as_str() {
                "None" => Ok(Expression::Literal(Value::None)),
                "True" => Ok(Expression::Literal(Value::Bool(true))),
                "False" => Ok(Expression::Literal(Value::Bool(false))),
                "len" => self.call(Function::Length),
                "ord" => self.call(Function::CodePoint),
                _ => self.field(word),
            },
            token @ Token::Sign(_) => Err(format!("{token:?}")),
        }
    }

    fn call(&mut self, function: Function) -> Result<Expression, String> {
        self.expect("(")?;
        let argument = self.or()?;
        self.expect(")")?;
        Ok(Expression::Call(function, Box::new(argument)))
    }

    fn list(&mut self, close: &'static str) -> Result<Vec<Expression>, String> {
        let mut parts = Vec::new();
        while !self.sign(close) {
            parts.push(self.or()?);
            if !self.sign(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(parts)
    }

    fn map(&mut self) -> Result<Expression, String> {
        let mut entries = Vec::new();
        while !self.sign("}") {
            let Some(Token::Text(key)) = self.next() else {
                return Err("a key that is no string".to_owned());
            };
            self.expect(":")?;
            entries.push((key, self.or()?));
            if !self.sign(",") {
                self.expect("}")?;
                break;
            }
        }
        Ok(Expression::Map(entries))
    }

    fn field(&mut self, root: String) -> Result<Expression, String> {
        let mut path = vec![Step::Name(root)];
        loop {
            if self.sign(".") {
                let Some(Token::Word(name)) = self.next() else {
                    return Err("no name after a full stop".to_owned());
                };
                if self.sign("(") {
                    return self.method(&name, path);
                }
                path.push(Step::Name(name));
            } else if self.sign("[") {
                path.push(match self.next() {
                    Some(Token::Text(name)) => Step::Name(name),
                    Some(Token::Number(index)) => {
                        Step::Index(usize::try_from(index).map_err(|error| error.to_string())?)
                    }
                    token => return Err(format!("{token:?} as an index")),
                });
                self.expect("]")?;
            } else if self.sign("(") {
                return Err(format!("a call of {path:?}"));
            } else {
                return Ok(Expression::Field(path));
            }
        }
    }

    fn method(&mut self, name: &str, mut path: Vec<Step>) -> Result<Expression, String> {
        let Some(Token::Text(key)) = self.next() else {
            return Err(format!("a call of `{name}`"));
        };
        self.expect(")")?;
        path.push(Step::Name(key));
        match name {
            "has_key" => Ok(Expression::Call(
                Function::Presence,
                Box::new(Expression::Field(path)),
            )),
            "get" => Ok(Expression::Field(path)),
            _ => Err(format!("a call of `{name}`")),
        }
    }
}

/// A single part stands for itself.
fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    if parts.len() == 1 {
        return parts.remove(0);
    }
    many(parts)
}
