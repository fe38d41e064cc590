//! Who may wait for a hash, and whose turn it is.
//!
//! Known devices come first, then who is inside, then the rest; within each the tenants take turns, and within a
//! tenant its networks. Places are kept free for those who come first: the rest is told "busy" while there is still
//! room for known devices and for inside, and a tenant that holds most of the places leaves the last of them to others.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use sekimori_base::TenantId;
use sekimori_credential::Memory;

/// In which order waiting jobs run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// The browser has signed this account in before.
    KnownDevice,
    /// From inside.
    Inside,
    /// All others.
    Rest,
}

/// Whose turn a job takes within its class: tenant and network.
pub type Turn = (TenantId, u128);

pub(super) type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// What waits, and how many places are taken by it and by what runs.
pub(super) struct Queue {
    lanes: [Turns<TenantId, Turns<u128, VecDeque<Job>>>; 3],
    places: usize,
    taken: usize,
    taken_by: HashMap<TenantId, usize>,
    pub closed: bool,
}

impl Queue {
    pub fn new(places: usize) -> Self {
        Self {
            lanes: std::array::from_fn(|_| Turns::default()),
            places,
            taken: 0,
            taken_by: HashMap::new(),
            closed: false,
        }
    }

    /// Places taken, by what waits and by what runs.
    pub fn taken(&self) -> usize {
        self.taken
    }

    /// Take a place; false if there is none for this class and tenant.
    pub fn enter(&mut self, class: Class, tenant: TenantId) -> bool {
        let most = match class {
            Class::KnownDevice => self.places,
            Class::Inside => (self.places * 7).div_ceil(8),
            Class::Rest => (self.places * 3).div_ceil(4),
        };
        let own = self.taken_by.get(&tenant).copied().unwrap_or(0);
        let is_last_quarter = self.taken >= (most * 3).div_ceil(4);
        let holds_most = own * 2 >= most;
        if self.closed || self.taken >= most || (is_last_quarter && holds_most) {
            return false;
        }
        self.taken += 1;
        *self.taken_by.entry(tenant).or_default() += 1;
        true
    }

    /// Give a place back.
    pub fn leave(&mut self, tenant: TenantId) {
        self.taken -= 1;
        if let Some(own) = self.taken_by.get_mut(&tenant) {
            *own -= 1;
            if *own == 0 {
                self.taken_by.remove(&tenant);
            }
        }
    }

    /// Wait for a worker.
    pub fn put(&mut self, class: Class, (tenant, network): Turn, job: Job) {
        self.lanes[class as usize].of(tenant).of(network).push_back(job);
    }

    /// The job whose turn it is.
    pub fn next(&mut self) -> Option<Job> {
        self.lanes.iter_mut().find_map(Waiting::next)
    }
}

/// Something that holds jobs.
trait Waiting {
    fn next(&mut self) -> Option<Job>;
    fn is_empty(&self) -> bool;
}

impl Waiting for VecDeque<Job> {
    fn next(&mut self) -> Option<Job> {
        self.pop_front()
    }

    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }
}

/// Several that take turns. Whoever has nothing waiting takes no room.
struct Turns<K, W> {
    order: VecDeque<K>,
    waiting: HashMap<K, W>,
}

impl<K, W> Default for Turns<K, W> {
    fn default() -> Self {
        Self { order: VecDeque::new(), waiting: HashMap::new() }
    }
}

impl<K: Copy + Eq + Hash, W: Default> Turns<K, W> {
    fn of(&mut self, owner: K) -> &mut W {
        let Self { order, waiting } = self;
        waiting.entry(owner).or_insert_with(|| {
            order.push_back(owner);
            W::default()
        })
    }
}

impl<K: Copy + Eq + Hash, W: Waiting> Waiting for Turns<K, W> {
    fn next(&mut self) -> Option<Job> {
        let owner = self.order.pop_front()?;
        let waiting = self.waiting.get_mut(&owner)?;
        let job = waiting.next();
        if waiting.is_empty() {
            self.waiting.remove(&owner);
        } else {
            self.order.push_back(owner);
        }
        job
    }

    fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    const ONE: TenantId = TenantId::from_bytes([1; 16]);
    const OTHER: TenantId = TenantId::from_bytes([2; 16]);

    /// The names of jobs in the order in which they run.
    fn order(jobs: &[(&'static str, Class, Turn)]) -> Vec<&'static str> {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut queue = Queue::new(jobs.len());
        for (name, class, turn) in jobs.iter().copied() {
            let seen = Arc::clone(&seen);
            queue.put(class, turn, Box::new(move |_| seen.lock().unwrap().push(name)));
        }
        let mut memory = Memory::new(8).unwrap();
        while let Some(job) = queue.next() {
            job(&mut memory);
        }
        Arc::into_inner(seen).unwrap().into_inner().unwrap()
    }

    #[test]
    fn known_devices_come_first_and_networks_take_turns() {
        use Class::{Inside, KnownDevice, Rest};
        let jobs = [
            ("noisy 1", Rest, (ONE, 1)),
            ("noisy 2", Rest, (ONE, 1)),
            ("noisy 3", Rest, (ONE, 1)),
            ("quiet", Rest, (ONE, 2)),
            ("inside", Inside, (ONE, 3)),
            ("known", KnownDevice, (ONE, 1)),
        ];
        assert_eq!(order(&jobs), ["known", "inside", "noisy 1", "quiet", "noisy 2", "noisy 3"]);
    }

    #[test]
    fn a_tenant_with_many_networks_has_no_more_turns_than_another() {
        use Class::Rest;
        let jobs = [
            ("storm 1", Rest, (ONE, 1)),
            ("storm 2", Rest, (ONE, 2)),
            ("storm 3", Rest, (ONE, 3)),
            ("storm 4", Rest, (ONE, 4)),
            ("calm", Rest, (OTHER, 1)),
        ];
        assert_eq!(order(&jobs), ["storm 1", "calm", "storm 2", "storm 3", "storm 4"]);
    }

    #[test]
    fn junk_leaves_room_for_known_devices_for_inside_and_for_other_tenants() {
        let mut queue = Queue::new(1000);
        let fill = |queue: &mut Queue, class, tenant| {
            (0..2000).take_while(|_| queue.enter(class, tenant)).count()
        };
        assert_eq!(fill(&mut queue, Class::Rest, ONE), 563, "alone: three quarters of its share");
        assert_eq!(fill(&mut queue, Class::Rest, OTHER), 187, "the last quarter is for others");
        assert_eq!(fill(&mut queue, Class::Inside, ONE), 0, "it holds most of the places");
        assert_eq!(fill(&mut queue, Class::Inside, OTHER), 125);
        assert!(queue.enter(Class::KnownDevice, OTHER));
        for _ in 0..563 {
            queue.leave(ONE);
        }
        assert!(queue.enter(Class::Rest, ONE), "room again");
    }

    #[test]
    fn a_single_place_can_be_taken_by_anybody_once() {
        for class in [Class::KnownDevice, Class::Inside, Class::Rest] {
            let mut queue = Queue::new(1);
            assert!(queue.enter(class, ONE));
            assert!(!queue.enter(Class::KnownDevice, OTHER));
            queue.leave(ONE);
            assert!(queue.enter(class, ONE));
        }
    }
}
