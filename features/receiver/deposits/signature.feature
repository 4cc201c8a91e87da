@receiver @deposits
Feature: A receiver verifies the notifications of deposits and refunds

  @NOTIF-03 @must
  Rule: the signature of a notification is verified every time

    Scenario Outline: <object>s <before>, and no signature
      Given <object>s that are COMPLETED, <before>
      When each is notified, with one of these faults each
        | without a signature        |
        | with an empty signature    |
        | with the scheme word alone |
        | with made-up digits        |
      Then no fault has an effect, and a valid notification has

      Examples:
        | object  | before                             |
        | deposit | not notified before                |
        | deposit | notified when they were PENDING    |
        | deposit | notified when they were EXPIRED    |
        | deposit | notified when they were CANCELLED  |
        | deposit | notified when they were FOR_REVIEW |
        | deposit | notified when their status call failed |
        | deposit | released before                    |
        | refund  | not notified before                |
        | refund  | notified when they were PENDING    |
        | refund  | notified when their status call failed |
        | refund  | released before                    |

    Scenario Outline: <object>s whose notifications are unusual, and not signed
      Given <object>s that are COMPLETED, not notified before
      When each is notified, with one of these faults each
        | without a signature, and a type with its charset |
        | without a signature, and a large body            |
      Then no fault has an effect, and a valid notification has

      Examples:
        | object  |
        | deposit |
        | refund  |

  @NOTIF-02 @must
  Rule: the receiver computes the Authorization of a notification itself and compares

    Scenario Outline: <object>s <before>, and other digits
      Given <object>s that are COMPLETED, <before>
      When each is notified, with one of these faults each
        | with the first digit changed                            |
        | with a digit in the middle changed                      |
        | with the last digit changed                             |
        | with the last digit cut off                             |
        | with the first half of the digits                       |
        | with one digit more                                     |
        | with the digits twice                                   |
        | with digits made with the other product's API signature |
        | with digits made with another merchant's API signature  |
        | with digits made with the deposits API key              |
        | with digits made with the read-only API key             |
        | with digits made with the cashouts API key              |
        | with digits made with the cashouts passphrase           |
        | with digits made with an empty secret                   |
        | of another merchant's X-Login, with digits made with an empty secret |
        | of another merchant's X-Login, with digits made with that merchant's API signature |
      Then no fault has an effect, and a valid notification has

      Examples:
        | object  | before                          |
        | deposit | not notified before             |
        | deposit | notified when they were EXPIRED |
        | deposit | notified when their status call failed |
        | deposit | released before                 |
        | refund  | not notified before             |
        | refund  | notified when they were PENDING |
        | refund  | released before                 |

    Scenario Outline: <object>s whose notifications are unusual, and have other digits
      Given <object>s that are COMPLETED, not notified before
      When each is notified, with one of these faults each
        | with the last digit changed, and a type with its charset |
        | with the last digit changed, and a large body            |
      Then no fault has an effect, and a valid notification has

      Examples:
        | object  |
        | deposit |
        | refund  |

    @observed
    Scenario: forms of a signature that no page names
      Given deposits that are COMPLETED, not notified before
      When each is notified, with one of these faults each
        | with its digits in upper case                         |
        | with another scheme word                              |
        | with the scheme word in lower case                    |
        | without the scheme word                               |
        | with a date a day old                                 |
        | with a date an hour ahead                             |
        | with another merchant's X-Login                       |
        | with another merchant's X-Login after it was signed   |
        | without its X-Login                                   |
      Then the report says which are released

    @observed
    Scenario: digits over the body alone, a reading of AMB-30
      Given deposits that are COMPLETED, not notified before
      When each is notified, with one of these faults each
        | with digits over the body alone |
      Then the report says which are released

  @DEP-SIG-04 @must
  Rule: the signature is over date, login and the bytes of the body as they came

    Scenario Outline: <object>s <before>, and another text
      Given <object>s that are COMPLETED, <before>
      When each is notified, with one of these faults each
        | with digits over login and body                     |
        | with digits over date and body                      |
        | with digits over date and login                     |
        | with digits over body, date and login               |
        | with digits over another date                       |
        | with digits over another login                      |
        | with digits over the body of another notification   |
        | with its date changed after it was signed           |
        | without its date                                    |
        | with white space added after it was signed          |
        | with a line break after the body that was signed    |
        | with a space before the body that was signed        |
        | with a field added after it was signed              |
        | with white space signed that is not sent            |
      Then no fault has an effect, and a valid notification has

      Examples:
        | object  | before                          |
        | deposit | not notified before             |
        | deposit | notified when they were EXPIRED |
        | deposit | released before                 |
        | refund  | not notified before             |
        | refund  | notified when they were PENDING |
        | refund  | released before                 |

    Scenario: the id of another deposit than the one that was signed
      Given a receiver that releases a completed deposit
      And a deposit that is COMPLETED
      When a valid notification of a COMPLETED deposit carries its deposit_id instead
      Then it is not released

    Scenario: white space that is signed as it is sent
      Given a deposit that is COMPLETED
      When it is notified with white space that is signed
      Then it is released
