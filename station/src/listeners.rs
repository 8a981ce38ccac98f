//! The two doors' sockets: the staff door on loopback only, ports remembered, strangers' connections counted.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::Path,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum_server::accept::Accept;
use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::folder::{Folder, write_private};

/// Why a door could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("the staff page would be reachable from other machines at {0}: it is served on loopback only")]
    StaffNotLoopback(SocketAddr),
    #[error("the address {0} could not be listened on")]
    Bind(SocketAddr, #[source] io::Error),
    #[error("the ports could not be remembered")]
    Ports(#[source] io::Error),
    #[error("the public door's TLS could not be set up")]
    Tls(#[from] rustls::Error),
}

/// Ports taken when `:0` was asked for, so that codes and lists stay true after a restart.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Ports {
    public: Option<u16>,
    staff: Option<u16>,
}

impl Ports {
    fn remembered(path: &Path) -> Self {
        let bytes = std::fs::read(path).ok();
        bytes
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    fn remember(&self, path: &Path) -> Result<(), ListenError> {
        let bytes = serde_json::to_vec(self).map_err(|error| ListenError::Ports(error.into()))?;
        write_private(path, &bytes).map_err(ListenError::Ports)
    }
}

/// Both sockets, bound and not yet served.
#[derive(Debug)]
pub struct Listeners {
    pub public: TcpListener,
    pub public_address: SocketAddr,
    pub staff: TcpListener,
    pub staff_address: SocketAddr,
}

impl Listeners {
    /// The public door alone, for a program that has no other.
    pub fn bind_one(folder: &Folder, public: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
        let path = folder.file("ports.json");
        let (listener, address) = bind(public, Ports::remembered(&path).public)?;
        let now = Ports {
            public: Some(address.port()),
            staff: None,
        };
        now.remember(&path)?;
        Ok((listener, address))
    }

    pub fn bind(folder: &Folder, public: SocketAddr, staff: SocketAddr) -> Result<Self, ListenError> {
        if !staff.ip().is_loopback() {
            return Err(ListenError::StaffNotLoopback(staff));
        }
        let path = folder.file("ports.json");
        let before = Ports::remembered(&path);
        let (public, public_address) = bind(public, before.public)?;
        let (staff, staff_address) = bind(staff, before.staff)?;
        let now = Ports {
            public: Some(public_address.port()),
            staff: Some(staff_address.port()),
        };
        now.remember(&path)?;
        Ok(Self {
            public,
            public_address,
            staff,
            staff_address,
        })
    }
}

fn bind(wanted: SocketAddr, remembered: Option<u16>) -> Result<(TcpListener, SocketAddr), ListenError> {
    let failed = |error| ListenError::Bind(wanted, error);
    let again = remembered.filter(|_| wanted.port() == 0).and_then(|port| {
        let address = SocketAddr::new(wanted.ip(), port);
        TcpListener::bind(address)
            .inspect_err(|_| {
                eprintln!("carnet-station: port {port} is taken by another program; taking a new one");
            })
            .ok()
    });
    let listener = match again {
        Some(listener) => listener,
        None => TcpListener::bind(wanted).map_err(failed)?,
    };
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// TLS 1.2 and 1.3 by ring, HTTP/1.1.
pub fn tls(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, ListenError> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Lets a limited number of connections in; those beyond it are closed at once.
#[derive(Debug, Clone)]
pub struct Counted(Arc<Semaphore>);

impl Counted {
    pub fn new(connections: usize) -> Self {
        Self(Arc::new(Semaphore::new(connections)))
    }
}

impl<S> Accept<TcpStream, S> for Counted {
    type Stream = CountedStream;
    type Service = S;
    type Future = std::future::Ready<io::Result<(CountedStream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        std::future::ready(match Arc::clone(&self.0).try_acquire_owned() {
            Ok(place) => stream.set_nodelay(true).map(|()| {
                (
                    CountedStream {
                        stream,
                        _place: place,
                    },
                    service,
                )
            }),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::ConnectionRefused,
                "too many connections",
            )),
        })
    }
}

/// A connection that gives its place back when it closes.
#[derive(Debug)]
pub struct CountedStream {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for CountedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for CountedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
