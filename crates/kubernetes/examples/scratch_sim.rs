//! scratch
use std::{sync::Arc, time::Duration};
use async_trait::async_trait;
use holdfast_core::{Call, Clock, Fault, Timestamp, ports::*, retry::RetryPolicy, step::*, evidence::Level};
use holdfast_kubernetes::*;
struct Tok(String);
impl TokenSource for Tok { fn token(&self) -> Result<String, Fault> { Ok(self.0.clone()) } }
struct Wall;
#[async_trait]
impl Clock for Wall {
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> Timestamp { Timestamp::now() }
    async fn sleep(&self, p: Duration) { tokio::time::sleep(p).await }
}
#[allow(clippy::disallowed_methods)]
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let env = |n: &str| std::env::var(n).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Wall);
    let call = Call { deadline: clock.now() + Duration::from_secs(60), clock, retry: RetryPolicy::default() };
    let client = connect(Access { endpoint: env("SIMULATOR_KUBERNETES_ENDPOINT"), ca_pem: std::fs::read(env("SSL_CERT_FILE")).unwrap(), token: Arc::new(Tok(env("SIMULATOR_KUBERNETES_TOKEN"))) }).unwrap();
    let mut o = SiteOptions::new(Arc::new(Direct(client)));
    o.humio_cluster = Some("logscale".into());
    let site = KubernetesSite::new(o);
    let f = site.standby().fitness(&call).await.unwrap();
    for c in &f.checks { println!("{:?} {}: {}", c.level, c.name, c.found); }
    println!("errors {}", f.checks.iter().filter(|c| c.level == Level::Error).count());
    let c = site.lease().acquire(&call, "me", Duration::from_secs(5)).await.unwrap();
    println!("{c:?}");
    let v = site.store().load(&call).await.unwrap();
    println!("{:?}", site.store().save(&call, &v.state, &v.version).await);
    for s in [site.remove_stale_tls() as Arc<dyn Step>, site.scale_operator()] {
        let o = s.observe(&call).await.unwrap();
        println!("{} {o:?}", s.name());
        s.apply(&call, &o).await.unwrap();
        println!("{} {:?}", s.name(), s.observe(&call).await.unwrap());
    }
    for _ in 0..60 {
        let o = site.verify_standby().observe(&call).await.unwrap();
        println!("{:?} {}", o.standing, o.found);
        if o.standing == Standing::Done { break }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    println!("{:?}", site.remove_stale_tls().observe(&call).await.unwrap());
}
