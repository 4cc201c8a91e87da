@receiver @deposits
Feature: A receiver releases a deposit by what the status endpoint says

  @NOTIF-07 @must
  Rule: a deposit is credited only when the status endpoint says COMPLETED

    Scenario: every other status
      Given a receiver that releases a completed deposit
      And deposits, one in each of these statuses
        | CREATED        |
        | INITIATED      |
        | PENDING        |
        | FOR_REVIEW     |
        | EARLY_RELEASED |
        | APPROVED       |
        | EXPIRED        |
        | CANCELLED      |
      When each is notified
      Then none is released

    Scenario: a body that says COMPLETED, in every other status
      Given a receiver that releases a completed deposit
      And deposits, one in each of these statuses
        | CREATED        |
        | INITIATED      |
        | PENDING        |
        | FOR_REVIEW     |
        | EARLY_RELEASED |
        | APPROVED       |
        | EXPIRED        |
        | CANCELLED      |
      When each is notified with a body that says COMPLETED
      Then none is released

    Scenario Outline: a status call that fails, of a deposit that is <status>
      Given a receiver that releases a completed deposit
      And deposits that are <status>, whose status calls are answered 10 times with one of these each
        | 500                                   |
        | 503 without a body                    |
        | 502 with an HTML page                 |
        | 404                                   |
        | 401                                   |
        | 429                                   |
        | 200 with an HTML page                 |
        | 200 without a body                    |
        | 200 with JSON that is cut             |
        | 200 with an error                     |
        | 200 with an empty object              |
        | half of it, and the connection breaks |
        | the connection breaks                 |
      When each is notified 2 times, one after another
      Then none is released

      Examples:
        | status         |
        | CREATED        |
        | INITIATED      |
        | PENDING        |
        | FOR_REVIEW     |
        | EARLY_RELEASED |
        | APPROVED       |
        | EXPIRED        |
        | CANCELLED      |

    Scenario: a status call that is not answered in time
      Given a receiver that releases a completed deposit
      And deposits that are PENDING, whose status calls are answered 1 times with one of these each
        | none in time |
      When each is notified
      Then none is released

    Scenario: COMPLETED in other fields of the answer than status
      Given a receiver that releases a completed deposit
      And deposits that are PENDING, whose status calls are answered 10 times with one of these each
        | COMPLETED in other fields |
      When each is notified
      Then none is released

    @observed
    Scenario: a status call that is answered about another deposit
      Given a receiver that releases a completed deposit
      And deposits that are PENDING, whose status calls are answered 10 times with one of these each
        | 200 about another one |
      When each is notified
      Then the report says which are released

    Scenario: a deposit that the provider does not know
      Given a receiver that releases a completed deposit
      And a deposit that the provider does not know
      When it is notified
      Then it is not released

    Scenario: a completed deposit of another merchant
      Given a receiver that releases a completed deposit
      And a completed deposit of another merchant
      When it is notified
      Then it is not released

  @NOTIF-08 @must
  Rule: a completed deposit is credited in the end, in spite of the receiver's own failures

    Scenario: a valid notification
      Given a deposit that is COMPLETED
      When it is notified until the answer is 2xx
      Then it is released

    Scenario: COMPLETED after every other status
      Given deposits, one in each of these statuses
        | CREATED        |
        | INITIATED      |
        | PENDING        |
        | FOR_REVIEW     |
        | EARLY_RELEASED |
        | APPROVED       |
        | EXPIRED        |
        | CANCELLED      |
      When each is notified until the answer is 2xx
      And it becomes COMPLETED
      And each is notified until the answer is 2xx
      Then each is released

    Scenario: PENDING first, then EXPIRED, then CANCELLED, then COMPLETED
      Given a deposit that is PENDING
      When it is notified until the answer is 2xx
      And it becomes EXPIRED
      And it is notified until the answer is 2xx
      And it becomes CANCELLED
      And it is notified until the answer is 2xx
      And it becomes COMPLETED
      And it is notified until the answer is 2xx
      Then it is released

    Scenario: a valid notification after a faulty one
      Given a deposit that is COMPLETED
      When it is notified with the last digit changed
      And it is notified until the answer is 2xx
      Then it is released

    @alone
    Scenario Outline: trouble with a notification, of deposits <before>
      Given deposits that are COMPLETED, <before>
      When each is notified, and meets one of these troubles each
        | 500                                                                       |
        | half of it, and the connection breaks                                     |
        | the sender hangs up before the answer                                     |
        | another comes meanwhile, and the status call of the first is answered 500 |
      And each is notified until the answer is 2xx
      Then each is released

      Examples:
        | before                          |
        | not notified before             |
        | notified when they were PENDING |

    @alone
    Scenario: a deposit that is completed while the receiver asks for its status
      Given a deposit that is PENDING
      When it is notified, and becomes COMPLETED after its status was read, which is notified meanwhile
      And it is notified until the answer is 2xx
      Then it is released

    Scenario: a status call that fails, and then does not
      Given deposits that are COMPLETED, whose status calls are answered 2 times with one of these each
        | 500                                   |
        | 503 without a body                    |
        | 502 with an HTML page                 |
        | 404                                   |
        | 401                                   |
        | 429                                   |
        | 200 with an HTML page                 |
        | 200 without a body                    |
        | 200 with JSON that is cut             |
        | 200 with an error                     |
        | 200 with an empty object              |
        | half of it, and the connection breaks |
        | the connection breaks                 |
      When each is notified until the answer is 2xx
      Then each is released

    Scenario: a status call that fails until the last retry
      Given deposits that are COMPLETED, whose status calls are answered 4 times with one of these each
        | 500                   |
        | 404                   |
        | the connection breaks |
      When each is notified until the answer is 2xx
      Then each is released

    Scenario: a status call that is not answered in time, and then is
      Given deposits that are COMPLETED, whose status calls are answered 1 times with one of these each
        | none in time |
      When each is notified until the answer is 2xx
      Then each is released

    @alone
    Scenario: killed at several moments before its answer
      Given 4 deposits that are COMPLETED
      When each is notified, and the receiver killed before its answer, every time at another moment
      And each is notified until the answer is 2xx
      Then each is released

    @alone
    Scenario: a status endpoint that is slow
      Given a deposit that is COMPLETED
      And asking for its status takes 2 seconds
      When it is notified until the answer is 2xx
      Then it is released

    @alone
    Scenario: a notification before the call that creates the deposit has returned
      Given a COMPLETED deposit whose creation has not been answered yet
      When it is notified until the answer is 2xx
      Then it is released

    @alone
    Scenario: killed while it asks for the status
      Given a deposit that is COMPLETED
      When the receiver is killed while it asks for its status
      And it is notified until the answer is 2xx
      Then it is released

    @alone
    Scenario: two deposits at once
      Given 2 deposits that are COMPLETED
      When they are notified at once
      And each is notified until the answer is 2xx
      Then each is released

    Scenario: ids as large as the one that the documents show, and equal to it modulo 2^32
      Given deposits that are COMPLETED and have these ids
        | 3000000001 |
        | 7294967297 |
      When each is notified until the answer is 2xx
      Then each is released

    @observed
    Scenario: ids beyond 2^53, a reading of AMB-29
      Given deposits that are COMPLETED and have these ids
        | 9007199254740992 |
        | 9007199254740993 |
      When each is notified until the answer is 2xx
      Then the report says which are released
