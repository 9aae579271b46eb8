//! stub
pub struct MonitorOptions;
pub async fn bind(_: &MonitorOptions) -> Result<tokio::net::TcpListener, String> {
    Err("".into())
}
pub async fn serve(_: tokio::net::TcpListener, _: std::sync::Arc<crate::metrics::Metrics>, _: MonitorOptions) {}
