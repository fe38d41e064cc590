//! A connection to PostgreSQL as it is: how it comes up, our values in its messages, statements without parameters.

use tokio::runtime::Runtime;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::Address;
use crate::database::DatabaseError;
use crate::value::Value;

/// Every statement has its index, so the planner need not weigh whether statistics of the moment
/// would favour reading a whole table: plans stay what the tests saw.
const PLANNER: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET jit = off";
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
    pub(super) runtime: Runtime,
    pub(super) client: Client,
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
