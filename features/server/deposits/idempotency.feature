@server @deposits
Feature: A deposits request can be retried without doing it twice

  @DEP-IDEM-01 @must
  Rule: a retry does not perform the operation twice

    Scenario Outline: a <request> request, its key and <date>
      Given a <request> request with an idempotency key that the server accepts
      When it is sent again with <date>
      Then every answer is the first one, byte for byte

      Examples:
        | request        | date                        |
        | deposit        | a fresh date and signature  |
        | deposit        | the same date and signature |
        | hosted deposit | a fresh date and signature  |

    Scenario: a refund and its retry take the money once
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key that the server accepts
      When it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte
      And 70 of the deposit can still be refunded

  @DEP-IDEM-02 @must
  Rule: no more than one deposit is created for one key

    Scenario Outline: a deposit request sent <times> times at once
      Given a deposit request with an idempotency key
      When it is sent <times> times at once
      Then all answers name one object, or say that the key is in use

      Examples:
        | times |
        | 2     |
        | 10    |
        | 50    |

    Scenario: a connection that breaks before the answer
      Given a deposit request with an idempotency key
      When its connection breaks before the answer, and it is sent again
      And it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

    Scenario: a refund whose connection breaks takes the money once
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key
      When its connection breaks before the answer, and it is sent again
      And it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte
      And 70 of the deposit can still be refunded

    Scenario: refunds sent at once take the money once
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key
      When it is sent 10 times at once
      Then all answers name one object, or say that the key is in use
      And 70 of the deposit can still be refunded

    @alone
    Scenario: an answer that the server loses after the deposit is made
      Given a deposit request with an idempotency key
      When the server does it and loses the answer, and it is sent again
      And it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

    @alone
    Scenario: an answer that the server loses after the refund is made
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key
      When the server does it and loses the answer, and it is sent again
      Then every answer is the first one, byte for byte
      And 70 of the deposit can still be refunded

    Scenario: the same key with another body makes no second deposit
      Given a deposit request with an idempotency key that the server accepts
      When it is sent again with another amount
      Then there is no second object, and how it is answered is reported as AMB-05

  @DEP-IDEM-03 @must
  Rule: the key in X-Idempotency-Key is any random and unique string

    Scenario Outline: <key> as a key
      Given a deposit request with <key> as its idempotency key that the server accepts
      When it is sent again with a fresh date and signature
      Then every answer is the first one, byte for byte

      Examples:
        | key                  |
        | a version 4 UUID     |
        | 32 hex digits        |
        | 22 letters of base64 |

    Scenario Outline: two keys that differ only in <difference>
      Given a deposit request with an idempotency key that the server accepts
      When another is sent whose key differs only in <difference>
      Then each has an object of its own

      Examples:
        | difference         |
        | its last character |
        | its letter case    |
        | its length         |

  @DEP-IDEM-04 @must
  Rule: status and body of the first request are saved, whether it succeeded or failed

    Scenario: a success five times over
      Given a deposit request with an idempotency key that the server accepts
      When it is sent again 5 times
      Then every answer is the first one, byte for byte

    Scenario: a refusal is replayed although it would succeed now
      Given a deposit of 100 that is not paid yet
      And a refund request of 60 with an idempotency key
      When it is sent, and sent again once the deposit is paid
      Then every answer is the first one, byte for byte
      And a refund of 60 with another key is accepted

  @DEP-IDEM-05 @must
  Rule: later requests with the key have the same result, 500 errors included

    @alone
    Scenario Outline: a <request> request that met an error 500
      Given a <request> request with an idempotency key
      When the server fails it with an error 500, and it is sent again
      Then every answer is the first one, byte for byte

      Examples:
        | request |
        | deposit |
        | refund  |

    @alone
    Scenario: another key after an error 500
      Given a deposit request with an idempotency key
      When the server fails it with an error 500, and it is sent again
      And another is sent whose key differs only in its last character
      Then it was accepted

    Scenario: replies after the deposit has moved on
      Given a deposit request with an idempotency key that the server accepts
      When the deposit is paid, and it is sent again
      Then every answer is the first one, byte for byte

  @DEP-IDEM-07 @must
  Rule: every POST accepts an idempotency key

    Scenario: a refund request with a key
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key that the server accepts
      When it is sent again 3 times
      Then every answer is the first one, byte for byte
      And 70 of the deposit can still be refunded

    Scenario: refund requests with keys of their own
      Given a deposit of 100 that is completed
      And a refund request of 30 with an idempotency key that the server accepts
      When another is sent whose key differs only in its last character
      Then each has an object of its own
      And 40 of the deposit can still be refunded

    @observed
    Scenario: one key for a deposit and for a refund
      Given a deposit request with an idempotency key that the server accepts
      When a refund is requested with the same key
      Then it is accepted, or answered with the deposit where AMB-06 is read as global

  @DEP-IDEM-08 @must
  Rule: a key has no effect on GET

    Scenario: one key on the status of two deposits
      Given two deposits
      When the status of each is asked for with one idempotency key
      Then each answer is about its own deposit

    Scenario: one key on the status of a deposit before and after it is paid
      Given a deposit of 100 that is not paid yet
      When its status is asked for with one idempotency key before and after it is paid
      Then the second answer says COMPLETED

    Scenario: a key that was used on GET creates a deposit
      Given a deposit status request with an idempotency key that the server accepts
      When a deposit is requested with the same key
      Then it was accepted
