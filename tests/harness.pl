#!/usr/bin/perl
# SPDX-License-Identifier: 0BSD
# harness.pl - prove(1)'s own library, because prove does not give the counts
#
# Test files on standard input, one a line. Runs $JOBS at once; files with a
# line "# runs alone" after the others, one by one. A scenario that failed is
# run once more by itself: its daemons have deadlines, and the machine may have
# been busy. One that passes then is named, as what it is: a test to mend.
# Writes "passed failed skipped" (single tests) to the file named by the first
# argument.
use strict;
use warnings;
use TAP::Harness;

my $limit = $ENV{TEST_LIMIT} || 900;    # seconds for one file
my (@together, @alone);
chomp(my @files = <STDIN>);
open(STDIN, '<', '/dev/null') or die;
for my $f (@files) {
	open(my $in, '<', $f) or die "$f: $!";
	read($in, my $head, 2000);
	if ($head =~ /^# runs alone$/m) { push @alone, $f }
	else                            { push @together, $f }
}

# A scratch file such as lib.sh's is removed when the time is up, too.
sub command {
	my ($harness, $f) = @_;
	my @run = ('timeout', '-k', '60', $limit);
	open(my $in, '<', $f) or die "$f: $!";
	my $first = <$in> // '';
	if ($first =~ m{^#!\s*(/\S+)\s*(.*?)\s*$}) {
		push @run, $1, grep({ length } $2);
	}
	return [@run, $f =~ m{^/} ? $f : "./$f"];
}

my %sum = (passed => 0, failed => 0, skipped => 0);

# A second run cannot make good what fails each time.
my $AGAIN_MAX = 4;
my @again;

sub run {
	my ($jobs, $last, @tests) = @_;
	return unless @tests;
	my $harness = TAP::Harness->new({
			jobs     => $jobs,
			timer    => 1,
			failures => 1,
			comments => 1,
			color    => 0,
			exec     => \&command,
	});
	my $all = $harness->runtests(@tests);
	for my $f ($all->descriptions) {
		my ($p) = $all->parsers($f);
		if ($p->has_problems && !$last && $f =~ m{tests/scenario/}) {
			push @again, $f;
			next;
		}
		$sum{skipped} += $p->skipped;
		$sum{passed}  += $p->passed - $p->skipped;
		$sum{failed}  += $p->failed;
		# Skipped files count as one skip; a file that broke off, or
		# whose plan is wrong, as one failure.
		$sum{skipped}++ if $p->skip_all;
		$sum{failed}++  if $p->has_problems && !$p->failed;
	}
	return $all;
}

run($ENV{JOBS} || 1, 0, @together);
run(1, 0, @alone);
my $more = @again > $AGAIN_MAX;
for my $f (splice @again) {
	if ($more) {
		$sum{failed}++;
		next;
	}
	print "once more, alone: $f\n";
	my $all = run(1, 1, $f);
	print "UNSTEADY: $f failed, and passed when run alone\n"
	    if $all->all_passed;
}
open(my $out, '>', $ARGV[0]) or die "$ARGV[0]: $!";
print $out "$sum{passed} $sum{failed} $sum{skipped}\n";
close($out) or die;
