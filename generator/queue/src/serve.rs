//! Serving connections: so many at once, none that only waits, and an end that lets answers out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The longest that a client may take to send what it asks for, before its body.
const HEADERS: Duration = Duration::from_secs(10);
/// The longest that connections may take to end once the server is to end.
const END: Duration = Duration::from_secs(20);
/// After a connection that could not be taken, as for want of descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until it is told to stop, and then until the answers that are under way are out.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    connections: usize,
    closing: CancellationToken,
) {
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(connections));
    loop {
        // Room first: who cannot be served waits in the kernel, not here.
        let permit = tokio::select! {
            permit = room.clone().acquire_owned() => permit,
            () = closing.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closing.cancelled() => break,
        };
        let (Ok(permit), Ok((stream, address))) = (permit, accepted) else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let router = router.clone();
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo::<SocketAddr>(address));
            router.clone().oneshot(request)
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection broke");
            }
            drop(permit);
        });
    }
    // Nothing new comes in; streams of events end by themselves.
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        () = tokio::time::sleep(END) => tracing::warn!("connections were cut off at the end"),
    }
}
