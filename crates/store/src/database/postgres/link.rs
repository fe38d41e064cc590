//! One connection to PostgreSQL: prepared statements, and all calls of a step in one round trip.

use std::future::Future;
use std::pin::Pin;
use std::task::Poll;

use tokio::runtime::Runtime;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Address, Pooling, pooling};
use crate::database::{Access, Call, DatabaseError, Done};
use crate::statement::ALL;
use crate::value::{Row, Value};

/// Every statement has its index, so the planner need not weigh whether statistics of the moment
/// would favour reading a whole table: plans stay what the tests saw.
const PLANNER: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET jit = off";
/// PostgreSQL plans a statement by the size that its tables have then. Of an empty table any index of the tenant looks
/// as good as the key, and that plan would stay until autovacuum comes by. So a connection makes its plans anew after
/// this many transactions, after twice as many, and so on.
const REPLAN_AFTER: u32 = 64;
/// And at the latest after so many.
const REPLAN_MAX: u32 = 8192;
/// How long a connection may take to come up.
const CONNECT_SECONDS: u64 = 5;

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA, Type::UNKNOWN].contains(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match *kind {
            Type::INT8 => i64::from_sql(kind, raw).map(Self::Integer),
            Type::BYTEA => Vec::<u8>::from_sql(kind, raw).map(Self::Bytes),
            _ => String::from_sql(kind, raw).map(Self::Text),
        }
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA].contains(kind)
    }
}

/// A connection and the small runtime that moves its bytes.
pub(crate) struct Direct {
    runtime: Runtime,
    client: Client,
}

impl Direct {
    /// Connect. Blocks.
    pub(crate) fn connect(url: &str) -> Result<Self, DatabaseError> {
        let Address { mut config, tls, .. } = Address::parse(url)?;
        config.connect_timeout(std::time::Duration::from_secs(CONNECT_SECONDS));
        config.application_name("sekimori");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| DatabaseError::Other(error.to_string()))?;
        // In both cases the client hears of the end of its connection in its next call.
        let client = match tls {
            None => {
                let (client, connection) = runtime.block_on(config.connect(NoTls))?;
                runtime.spawn(async move { drop(connection.await) });
                client
            }
            Some(tls) => {
                let tls = MakeRustlsConnect::new(tls.client()?);
                let (client, connection) = runtime.block_on(config.connect(tls))?;
                runtime.spawn(async move { drop(connection.await) });
                client
            }
        };
        // A server that does not know these words does without: they change no answer.
        let _ = runtime.block_on(client.batch_execute(PLANNER));
        Ok(Self { runtime, client })
    }

    /// Run statements without parameters.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<(), DatabaseError> {
        Ok(self.runtime.block_on(self.client.batch_execute(sql))?)
    }

    /// The first column of all rows, as texts.
    #[cfg(test)]
    pub(crate) fn all(&mut self, sql: &str) -> Result<Vec<String>, DatabaseError> {
        let messages = self.runtime.block_on(self.client.simple_query(sql))?;
        Ok(messages
            .into_iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .collect())
    }

    /// The first row of a statement without parameters, as texts.
    pub(crate) fn first(&mut self, sql: &str) -> Result<Vec<Option<String>>, DatabaseError> {
        let messages = self.runtime.block_on(self.client.simple_query(sql))?;
        let row = messages.into_iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(row.map_or_else(Vec::new, |row| {
            (0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()
        }))
    }
}

/// Where a link stands in a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// In none.
    Idle,
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
            Self::Idle => Self::Idle,
        }
    }

    fn begins(self) -> Option<&'static str> {
        match self {
            Self::Begins(Access::Write) => Some("BEGIN"),
            Self::Begins(Access::Read) => Some("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
            Self::Idle | Self::Within(_) => None,
        }
    }
}

/// A connection that transactions run on.
pub(crate) struct Link {
    direct: Direct,
    /// By [`crate::statement::Statement::index`].
    prepared: Vec<Option<tokio_postgres::Statement>>,
    standing: Standing,
    pooling: Pooling,
    planned: Planned,
}

/// Transactions since a connection made its plans, and how many of them it keeps them for.
struct Planned {
    since: u32,
    lasts: u32,
}

impl Planned {
    /// One more transaction: whether the plans have lasted.
    fn is_over(&mut self) -> bool {
        self.since += 1;
        if self.since < self.lasts {
            return false;
        }
        *self = Self { since: 0, lasts: (self.lasts * 2).min(REPLAN_MAX) };
        true
    }
}

impl Link {
    /// Connect. Blocks.
    pub(crate) fn connect(url: &str) -> Result<Self, DatabaseError> {
        let direct = Direct::connect(url)?;
        let pooling = pooling(url);
        let prepared = vec![None; ALL.len()];
        let planned = Planned { since: 0, lasts: REPLAN_AFTER };
        Ok(Self { direct, prepared, standing: Standing::Idle, pooling, planned })
    }

    /// The plan of a statement that this connection has prepared, for any values.
    #[cfg(test)]
    pub(crate) fn plan(&mut self, statement: &crate::statement::Statement) -> Vec<String> {
        let name = self.direct.all(&format!(
            "SELECT name || CASE parameter_types WHEN '{{}}' THEN '' ELSE '(' || array_to_string(
                 array_fill('NULL'::text, ARRAY[cardinality(parameter_types)]), ',') || ')' END
             FROM pg_prepared_statements WHERE statement = $sql${}$sql$",
            statement.postgres
        ));
        let name = name.unwrap().remove(0);
        self.direct.all(&format!("EXPLAIN EXECUTE {name}")).unwrap()
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
        // Where nothing is prepared, everything is planned each time.
        if self.pooling == Pooling::None && self.planned.is_over() {
            self.send("DISCARD PLANS");
        }
        self.standing = Standing::Begins(access);
    }

    /// Run calls, all sent before the first answer is awaited.
    pub(crate) fn run(&mut self, calls: &[Call]) -> Result<Vec<Done>, DatabaseError> {
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
            Standing::Within(Access::Read) => {
                self.send("ROLLBACK");
                Ok(())
            }
            Standing::Idle | Standing::Begins(_) => Ok(()),
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
