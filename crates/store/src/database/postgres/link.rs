//! One connection to PostgreSQL: prepared statements, and all calls of a step in one round trip.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::Type;

use super::address::{Pooling, pooling};
use super::direct::Direct;
use super::together::{self, Kind, Known, Shapes, Union};
use crate::database::{Access, Call, DatabaseError, Done};
use crate::statement::ALL;
use crate::value::{Row, Value};

/// Where a link stands in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// In none.
    Idle,
    /// What is asked next is asked at once and by itself.
    Looks,
    /// BEGIN goes with the next call.
    Begins(Access),
    /// In one.
    Within(Access),
}

impl Standing {
    /// The same transaction after its first call.
    fn within(self) -> Self {
        match self {
            Self::Begins(access) | Self::Within(access) => Self::Within(access),
            Self::Idle | Self::Looks => Self::Idle,
        }
    }

    fn begins(self) -> Option<&'static str> {
        match self {
            Self::Begins(Access::Write) => Some("BEGIN"),
            Self::Begins(Access::Read) => Some("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            Self::Begins(Access::Look) | Self::Idle | Self::Looks | Self::Within(_) => None,
        }
    }
}

/// A connection that transactions run on.
pub(crate) struct Link {
    direct: Direct,
    /// By [`crate::statement::Statement::index`].
    prepared: Vec<Option<tokio_postgres::Statement>>,
    /// Several calls that write, as one statement.
    writes: Shapes<tokio_postgres::Statement>,
    /// Several queries, as one statement.
    looks: Shapes<(tokio_postgres::Statement, Union)>,
    standing: Standing,
    pooling: Pooling,
    /// What writes and commits by itself was sent, and no answer came.
    unanswered: bool,
}

/// What became of calls that were to be one statement.
pub(crate) enum Joint {
    /// All was written, and is committed.
    Kept,
    /// Nothing was: they have to go one by one.
    Apart,
}

impl Link {
    /// Connect. Blocks.
    pub(crate) fn connect(url: &str) -> Result<Self, DatabaseError> {
        let direct = Direct::connect(url)?;
        let pooling = pooling(url);
        let prepared = vec![None; ALL.len()];
        Ok(Self {
            direct,
            prepared,
            writes: Shapes::new(),
            looks: Shapes::new(),
            standing: Standing::Idle,
            pooling,
            unanswered: false,
        })
    }

    /// Whether something may have been committed of which nobody heard.
    pub(crate) fn is_unanswered(&self) -> bool {
        self.unanswered
    }

    /// The connection itself, between transactions.
    pub(super) fn direct(&mut self) -> &mut Direct {
        &mut self.direct
    }

    /// What stands between us and the database.
    pub(crate) fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Whether the connection is known to be gone.
    pub(crate) fn is_closed(&self) -> bool {
        self.direct.client.is_closed()
    }

    /// The next call begins a transaction.
    pub(crate) fn begin(&mut self, access: Access) {
        self.standing = match access {
            Access::Look => Standing::Looks,
            Access::Read | Access::Write => Standing::Begins(access),
        };
    }

    /// Run calls, all sent before the first answer is awaited.
    pub(crate) fn run(&mut self, calls: &[Call]) -> Result<Vec<Done>, DatabaseError> {
        match self.standing {
            Standing::Idle => return Err(DatabaseError::Other("nothing has begun".to_owned())),
            Standing::Looks => {
                if calls.len() > 1 {
                    if let Some(done) = self.look(calls)? {
                        self.standing = Standing::Idle;
                        return Ok(done);
                    }
                    self.standing = Standing::Begins(Access::Read);
                }
            }
            Standing::Begins(_) | Standing::Within(_) => {}
        }
        if self.pooling == Pooling::None {
            for call in calls {
                self.prepare(call)?;
            }
        }
        let client = &self.direct.client;
        let prepared = &self.prepared;
        let begins = self.standing.begins();
        self.standing = self.standing.within();
        self.direct.runtime.block_on(async {
            let mut answers: Vec<Answer<'_>> = Vec::with_capacity(calls.len() + 1);
            if let Some(begin) = begins {
                answers.push(Box::pin(async move {
                    client.batch_execute(begin).await?;
                    Ok(Done::default())
                }));
            }
            for call in calls {
                answers.push(match &prepared[call.statement.index] {
                    Some(statement) => Box::pin(one(client, statement, call)),
                    None => Box::pin(unprepared(client, call.statement.postgres, &call.values)),
                });
            }
            let mut done = all(answers).await?;
            if begins.is_some() {
                done.remove(0);
            }
            Ok(done)
        })
    }

    fn prepare(&mut self, call: &Call) -> Result<(), DatabaseError> {
        let index = call.statement.index;
        if self.prepared[index].is_none() {
            let text = call.statement.postgres;
            let statement = self.direct.runtime.block_on(self.direct.client.prepare(text))?;
            self.prepared[index] = Some(statement);
        }
        Ok(())
    }

    /// Several queries as one statement; `None`: the database takes them one by one.
    fn look(&mut self, calls: &[Call]) -> Result<Option<Vec<Done>>, DatabaseError> {
        if self.pooling != Pooling::None {
            return Ok(None);
        }
        let shape = together::shape(calls, |_| false);
        let known = if let Some(known) = self.looks.get(&shape) {
            known
        } else {
            let known = self.learn_look(calls)?;
            self.looks.learn(shape, known)
        };
        let Known::Prepared((statement, union)) = known else { return Ok(None) };
        let client = &self.direct.client;
        let rows = self.direct.runtime.block_on(rows(client, &statement, calls))?;
        union.apart(rows).map(Some)
    }

    fn learn_look(
        &mut self,
        calls: &[Call],
    ) -> Result<Known<(tokio_postgres::Statement, Union)>, DatabaseError> {
        let mut queries = Vec::with_capacity(calls.len());
        for call in calls {
            self.prepare(call)?;
            let columns = self.prepared[call.statement.index]
                .iter()
                .flat_map(tokio_postgres::Statement::columns);
            let kinds: Option<Vec<Kind>> = columns.map(|column| kind(column.type_())).collect();
            let Some(kinds) = kinds else { return Ok(Known::Apart) };
            queries.push(kinds);
        }
        let union = Union::new(&queries);
        let known = self.joint(&union.text(calls))?;
        Ok(match known {
            Known::Prepared(statement) => Known::Prepared((statement, union)),
            Known::Apart => Known::Apart,
        })
    }

    /// Prepare a joint statement, if the database takes it.
    fn joint(&self, text: &str) -> Result<Known<tokio_postgres::Statement>, DatabaseError> {
        match self.direct.runtime.block_on(self.direct.client.prepare(text)) {
            Ok(statement) => Ok(Known::Prepared(statement)),
            Err(error) if error.as_db_error().is_some() => Ok(Known::Apart),
            Err(error) => Err(error.into()),
        }
    }

    /// The whole of a transaction that has only begun as one statement: nothing in it may depend on what another call
    /// of it writes. Refused, nothing was written and the transaction still has to begin.
    pub(crate) fn together(
        &mut self,
        calls: &[Call],
        must: impl Fn(usize) -> bool,
    ) -> Result<Joint, DatabaseError> {
        if self.standing != Standing::Begins(Access::Write) || self.pooling != Pooling::None {
            return Ok(Joint::Apart);
        }
        let shape = together::shape(calls, &must);
        let known = if let Some(known) = self.writes.get(&shape) {
            known
        } else {
            let known = self.joint(&together::writes(calls, &must))?;
            self.writes.learn(shape.clone(), known)
        };
        let Known::Prepared(statement) = known else { return Ok(Joint::Apart) };
        self.unanswered = true;
        let client = &self.direct.client;
        let sent = client.execute_raw(&statement, together::values(calls));
        let Err(error) = self.direct.runtime.block_on(sent) else {
            self.unanswered = false;
            self.standing = Standing::Idle;
            return Ok(Joint::Kept);
        };
        let Some(code) = error.code() else { return Err(error.into()) };
        self.unanswered = false;
        if *code == SqlState::DIVISION_BY_ZERO {
            return Ok(Joint::Apart);
        }
        if *code == SqlState::FEATURE_NOT_SUPPORTED {
            self.writes.learn(shape, Known::Apart);
            return Ok(Joint::Apart);
        }
        self.standing = Standing::Idle;
        Err(error.into())
    }

    /// End the transaction and keep it.
    pub(crate) fn commit(&mut self) -> Result<(), DatabaseError> {
        self.end("COMMIT")
    }

    /// End the transaction and keep nothing.
    pub(crate) fn rollback(&mut self) -> Result<(), DatabaseError> {
        self.end("ROLLBACK")
    }

    fn end(&mut self, how: &str) -> Result<(), DatabaseError> {
        let standing = std::mem::replace(&mut self.standing, Standing::Idle);
        match standing {
            Standing::Within(Access::Write) => self.direct.execute(how),
            Standing::Within(Access::Read | Access::Look) => {
                self.send("ROLLBACK");
                Ok(())
            }
            Standing::Idle | Standing::Looks | Standing::Begins(_) => Ok(()),
        }
    }

    /// Send a statement whose answer nobody needs: what follows waits behind it on the server.
    fn send(&mut self, sql: &str) {
        let client = &self.direct.client;
        self.direct.runtime.block_on(async {
            let mut answer = std::pin::pin!(client.batch_execute(sql));
            std::future::poll_fn(|context| {
                // The first poll hands it to the connection; the answer is read and dropped there.
                let _ = answer.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
            tokio::task::yield_now().await;
        });
    }

    /// Each row of a query without parameters, as it comes.
    pub(crate) fn each_row(
        &mut self,
        query: &str,
        take: &mut dyn FnMut(Vec<Value>) -> Result<(), DatabaseError>,
    ) -> Result<(), DatabaseError> {
        if let Some(begin) = self.standing.begins() {
            self.direct.execute(begin)?;
        }
        self.standing = self.standing.within();
        let client = &self.direct.client;
        self.direct.runtime.block_on(async {
            let stream = client.query_typed_raw(query, std::iter::empty::<(Value, Type)>()).await?;
            let mut stream = std::pin::pin!(stream);
            while let Some(row) = next(&mut stream).await {
                let row = row?;
                let values: Result<Vec<Value>, _> =
                    (0..row.len()).map(|column| row.try_get(column)).collect();
                take(values?)?;
            }
            Ok(())
        })
    }

    /// Send rows by COPY; gives how many.
    pub(crate) fn copy_in(
        &mut self,
        sql: &str,
        rows: impl Iterator<Item = Result<Vec<u8>, DatabaseError>>,
    ) -> Result<u64, DatabaseError> {
        if let Some(begin) = self.standing.begins() {
            self.direct.execute(begin)?;
        }
        self.standing = self.standing.within();
        self.direct.runtime.block_on(copy(&self.direct.client, sql, rows))
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Done, DatabaseError>> + 'a>>;

/// Which of our types a column has.
fn kind(kind: &Type) -> Option<Kind> {
    match *kind {
        Type::INT8 => Some(Kind::Integer),
        Type::TEXT => Some(Kind::Text),
        Type::BYTEA => Some(Kind::Bytes),
        _ => None,
    }
}

/// The rows of a joint statement.
async fn rows(
    client: &Client,
    statement: &tokio_postgres::Statement,
    calls: &[Call],
) -> Result<Vec<Vec<Value>>, DatabaseError> {
    let stream = client.query_raw(statement, together::values(calls)).await?;
    let mut stream = std::pin::pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = next(&mut stream).await {
        let row = row?;
        let values: Result<Vec<Value>, _> =
            (0..row.len()).map(|column| row.try_get(column)).collect();
        rows.push(values?);
    }
    Ok(rows)
}

async fn one(
    client: &Client,
    statement: &tokio_postgres::Statement,
    call: &Call,
) -> Result<Done, DatabaseError> {
    let columns = statement.columns().len();
    if columns == 0 {
        let count = client.execute_raw(statement, &call.values).await?;
        return Ok(Done { rows: Vec::new(), count });
    }
    let stream = client.query_raw(statement, &call.values).await?;
    let mut stream = std::pin::pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = next(&mut stream).await {
        let row = row?;
        let values: Result<Vec<Value>, _> =
            (0..columns).map(|column| row.try_get(column)).collect();
        rows.push(Row::new(values?));
    }
    let count = rows.len() as u64;
    Ok(Done { rows, count })
}

/// Statement and values in one message, nothing kept on the server.
async fn unprepared(
    client: &Client,
    statement: &str,
    values: &[Value],
) -> Result<Done, DatabaseError> {
    let typed = values.iter().map(|value| {
        let kind = match value {
            Value::Null => Type::UNKNOWN,
            Value::Integer(_) => Type::INT8,
            Value::Text(_) => Type::TEXT,
            Value::Bytes(_) => Type::BYTEA,
        };
        (value, kind)
    });
    let stream = client.query_typed_raw(statement, typed).await?;
    let mut stream = std::pin::pin!(stream);
    let mut rows = Vec::new();
    while let Some(row) = next(&mut stream).await {
        let row = row?;
        let values: Result<Vec<Value>, _> =
            (0..row.len()).map(|column| row.try_get(column)).collect();
        rows.push(Row::new(values?));
    }
    let count = stream.rows_affected().unwrap_or(0).max(rows.len() as u64);
    Ok(Done { rows, count })
}

async fn next(
    stream: &mut Pin<&mut tokio_postgres::RowStream>,
) -> Option<Result<tokio_postgres::Row, tokio_postgres::Error>> {
    use futures_util::StreamExt as _;
    stream.next().await
}

/// All answers, in order; the first error in that order. Every future is started before any is
/// awaited, which is what puts them into one round trip.
async fn all(mut answers: Vec<Answer<'_>>) -> Result<Vec<Done>, DatabaseError> {
    let mut done: Vec<Option<Result<Done, DatabaseError>>> = Vec::new();
    done.resize_with(answers.len(), || None);
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (answer, done) in answers.iter_mut().zip(&mut done) {
            if done.is_none() {
                match answer.as_mut().poll(context) {
                    Poll::Ready(ready) => *done = Some(ready),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    done.into_iter().map(|done| done.unwrap_or(Err(DatabaseError::Closed))).collect()
}

async fn copy(
    client: &Client,
    sql: &str,
    rows: impl Iterator<Item = Result<Vec<u8>, DatabaseError>>,
) -> Result<u64, DatabaseError> {
    use futures_util::SinkExt as _;
    let sink = client.copy_in::<_, bytes::Bytes>(sql).await?;
    let mut sink = std::pin::pin!(sink);
    for row in rows {
        sink.send(bytes::Bytes::from(row?)).await?;
    }
    Ok(sink.finish().await?)
}
