//! Medians, percentiles, and whether two samples are of one distribution.

/// The value below which `part` (0 to 1) of the values lie; `NaN` of nothing. Sorts.
pub fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index of a vector, rounded"
    )]
    let at = (last as f64 * part.clamp(0.0, 1.0)).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}

/// The value in the middle, or between the two in the middle. Sorts.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let (half, odd) = (values.len() / 2, values.len() % 2 == 1);
    match (half.checked_sub(1).and_then(|below| values.get(below)), values.get(half)) {
        (_, Some(middle)) if odd => *middle,
        (Some(below), Some(above)) => f64::midpoint(*below, *above),
        _ => f64::NAN,
    }
}

/// The two-sample Kolmogorov-Smirnov test: how probable it is that samples of one distribution differ as much.
/// (Asymptotic, with Stephens' correction; good from some ten values on.) Sorts both.
pub fn kolmogorov_smirnov(one: &mut [f64], other: &mut [f64]) -> f64 {
    one.sort_by(f64::total_cmp);
    other.sort_by(f64::total_cmp);
    if one.is_empty() || other.is_empty() {
        return 1.0;
    }
    let (n, m) = (count(one.len()), count(other.len()));
    let (mut i, mut j, mut distance) = (0, 0, 0.0_f64);
    while let (Some(a), Some(b)) = (one.get(i), other.get(j)) {
        let step = a.min(*b);
        i += one[i..].iter().take_while(|value| **value <= step).count();
        j += other[j..].iter().take_while(|value| **value <= step).count();
        distance = distance.max((count(i) / n - count(j) / m).abs());
    }
    let root = (n * m / (n + m)).sqrt();
    kolmogorov((root + 0.12 + 0.11 / root) * distance)
}

/// Q of the Kolmogorov distribution.
fn kolmogorov(lambda: f64) -> f64 {
    if lambda < 0.2 {
        return 1.0;
    }
    let mut sum = 0.0;
    for k in 1..=100_u32 {
        let scaled = f64::from(k) * lambda;
        let term = (-2.0 * scaled * scaled).exp();
        sum += if k % 2 == 1 { term } else { -term };
        if term < 1e-12 {
            break;
        }
    }
    (2.0 * sum).clamp(0.0, 1.0)
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub fn count(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-9, "{found} is not {wanted}");
    }

    #[test]
    fn medians_and_quantiles_of_few_values() {
        assert!(median(&mut []).is_nan());
        assert_near(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_near(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        let mut hundred: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_near(quantile(&mut hundred, 0.95), 95.0);
        assert_near(quantile(&mut [7.0], 0.99), 7.0);
    }

    #[test]
    fn the_kolmogorov_distribution_has_its_known_critical_values() {
        for (lambda, probability) in [(1.358, 0.05), (1.628, 0.01), (1.949, 0.001)] {
            let found = kolmogorov(lambda);
            assert!((found - probability).abs() < probability / 20.0, "{lambda}: {found}");
        }
    }

    #[test]
    fn equal_samples_pass_and_shifted_ones_do_not() {
        let even: Vec<f64> = (0..1000).map(|n| f64::from(n) * 0.01).collect();
        let odd: Vec<f64> = even.iter().map(|value| value + 0.004).collect();
        assert!(kolmogorov_smirnov(&mut even.clone(), &mut odd.clone()) > 0.9);
        let later: Vec<f64> = even.iter().map(|value| value + 1.0).collect();
        assert!(kolmogorov_smirnov(&mut even.clone(), &mut later.clone()) < 0.001);
    }
}
