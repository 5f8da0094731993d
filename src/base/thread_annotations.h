#pragma once
// Which lock guards what, checked by Clang's -Wthread-safety; empty words for other compilers.

#if defined(__clang__)
#define DROVER_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define DROVER_THREAD_ANNOTATION(x)
#endif

#define DROVER_CAPABILITY(x) DROVER_THREAD_ANNOTATION(capability(x))
#define DROVER_SCOPED_CAPABILITY DROVER_THREAD_ANNOTATION(scoped_lockable)
#define DROVER_GUARDED_BY(x) DROVER_THREAD_ANNOTATION(guarded_by(x))
#define DROVER_PT_GUARDED_BY(x) DROVER_THREAD_ANNOTATION(pt_guarded_by(x))
#define DROVER_REQUIRES(...) DROVER_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define DROVER_ACQUIRE(...) DROVER_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define DROVER_RELEASE(...) DROVER_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define DROVER_REQUIRES_SHARED(...) \
  DROVER_THREAD_ANNOTATION(requires_shared_capability(__VA_ARGS__))
#define DROVER_ACQUIRE_SHARED(...) DROVER_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define DROVER_RELEASE_SHARED(...) DROVER_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define DROVER_EXCLUDES(...) DROVER_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define DROVER_NO_THREAD_SAFETY_ANALYSIS DROVER_THREAD_ANNOTATION(no_thread_safety_analysis)
